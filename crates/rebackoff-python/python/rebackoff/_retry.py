"""Calls of undecorated functions by a policy."""

from __future__ import annotations

from rebackoff._callables import is_async
from rebackoff._conditions import check_policy
from rebackoff._decorator import on_exception
from rebackoff._mistakes import mistake, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any, ParamSpec, TypeVar

    from rebackoff._policy import Policy
    from rebackoff._wait_gen import Waits

    _Arguments = ParamSpec("_Arguments")
    _Result = TypeVar("_Result")


def retry(
    policy: Policy | Waits | Callable[..., Any],
    function: Callable[_Arguments, _Result],
    /,
    *args: _Arguments.args,
    **kwargs: _Arguments.kwargs,
) -> _Result:
    """Calls a function with these arguments, and again after an `Exception`, as the policy says.

    The policy is a `Policy` or a wait strategy. After the last try, the function's own error comes back.
    For other errors and more options, decorate the function: `on_exception(policy, OSError)(function)`.
    """
    check_policy(policy)
    if not callable(function):
        raise mistake(TypeError, "function", "callable", function)
    if is_async(function):
        raise TypeError(
            f"retry() needs a function that is not async; await aretry() with {shown(function)}"
        )
    return on_exception(policy, Exception)(function)(*args, **kwargs)


async def aretry(
    policy: Policy | Waits | Callable[..., Any],
    function: Callable[_Arguments, Awaitable[_Result]],
    /,
    *args: _Arguments.args,
    **kwargs: _Arguments.kwargs,
) -> _Result:
    """Awaits a coroutine function with these arguments, and again after an `Exception`, as the policy says."""
    check_policy(policy)
    if not is_async(function):
        raise TypeError(
            f"aretry() needs a coroutine function, but it is {shown(function)}; there is retry()"
        )
    return await on_exception(policy, Exception)(function)(*args, **kwargs)
