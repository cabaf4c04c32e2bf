"""Decorated functions and methods, called for their outcome or decorated with other options.

A decorated function is a plain function, whose attributes `outcome` and `retry_with` cannot see the
object of a bound method. These functions can.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from types import MethodType
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar, overload

from rebackoff._decorator import _Anew  # type: ignore[attr-defined]  # the stub has what users see
from rebackoff._mistakes import mistake
from rebackoff._outcome import Outcome

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from rebackoff._decorator import _RetryOptions
    from rebackoff._policy import Policy
    from rebackoff._typing import _WaitGenerator
    from rebackoff._wait_gen import Waits

    class _Changes(_RetryOptions, total=False):
        wait_gen: Waits | Policy | _WaitGenerator
        exception: type[BaseException] | tuple[type[BaseException], ...]
        predicate: Callable[[Any], Any]


_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")
_CallableT = TypeVar("_CallableT", bound=Callable[..., Any])


@overload
def outcome(  # type: ignore[overload-overlap]  # a coroutine function matches both, the first wins
    function: Callable[_Arguments, Coroutine[Any, Any, _Result]],
    /,
    *args: _Arguments.args,
    **kwargs: _Arguments.kwargs,
) -> Coroutine[Any, Any, Outcome[_Result]]: ...
@overload
def outcome(
    function: Callable[_Arguments, _Result],
    /,
    *args: _Arguments.args,
    **kwargs: _Arguments.kwargs,
) -> Outcome[_Result]: ...
def outcome(function: Any, /, *args: Any, **kwargs: Any) -> Any:
    """Calls a decorated function, or a decorated method of an object, and returns the `Outcome`.

        outcome = rebackoff.outcome(client.fetch, "/stock")
        print(outcome.tries, outcome.reason)

    The outcome of a coroutine function is awaited. `client.fetch.outcome("/stock")` is an error: an attribute of the
    function does not have the object.
    """
    call = _attribute(function, "outcome")
    instance = _instance(function)
    return call.of(args if instance is None else (instance, *args), kwargs)


@overload
def retry_with(
    function: Callable[_Arguments, Coroutine[Any, Any, _Result]],
    /,
    *,
    raise_on_giveup: Literal[False],
    **options: Unpack[_Changes],
) -> Callable[_Arguments, Coroutine[Any, Any, _Result | None]]: ...
@overload
def retry_with(
    function: Callable[_Arguments, _Result],
    /,
    *,
    raise_on_giveup: Literal[False],
    **options: Unpack[_Changes],
) -> Callable[_Arguments, _Result | None]: ...
@overload
def retry_with(
    function: _CallableT, /, *, raise_on_giveup: Literal[True] = True, **options: Unpack[_Changes]
) -> _CallableT: ...
def retry_with(function: Any, /, **options: Any) -> Any:
    """Decorates a decorated function, or a decorated method of an object, with these options in place of the earlier ones.

        rebackoff.retry_with(client.fetch, max_tries=2)("/stock")

    Besides the options of the decorator there are `wait_gen`, and `exception` or `predicate`. The function that
    `client.fetch.retry_with(max_tries=2)` returns lacks the object: `client` must be its first argument.
    """
    anew = _attribute(function, "retry_with")(**options)
    instance = _instance(function)
    return anew if instance is None else MethodType(anew, instance)


def _attribute(function: Any, name: str) -> Any:
    attribute = getattr(function, name, None)
    if not isinstance(attribute, _Anew):
        rule = "a function that rebackoff has decorated, or a method of an object"
        raise mistake(TypeError, "function", rule, function)
    return attribute


def _instance(function: Any) -> Any:
    """The object that a bound method gets first."""
    return function.__self__ if isinstance(function, MethodType) else None
