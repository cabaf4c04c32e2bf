"""Calls by a policy, and outcomes that tell how many tries a call took."""

from __future__ import annotations

from rebackoff._callables import is_async
from rebackoff._decorator import _decorated, on_exception

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any, ParamSpec, TypeVar

    from rebackoff._policy import Policy
    from rebackoff._wait_gen import Waits

    _Arguments = ParamSpec("_Arguments")
    _Result = TypeVar("_Result")


class Outcome:
    """The end of a call.

    result: the returned value; None where the call raised.
    error: the error of the last try; None where the call returned.
    tries: the number of tries.
    elapsed: the seconds from the start of the first try.
    reason: the reason to give up, such as "max_tries"; None after a success, and after an error that
        is not retried.
    """

    __slots__ = ("elapsed", "error", "reason", "result", "tries")

    def __init__(
        self,
        result: Any = None,
        error: BaseException | None = None,
        tries: int = 0,
        elapsed: float = 0.0,
        reason: str | None = None,
    ) -> None:
        self.result = result
        self.error = error
        self.tries = tries
        self.elapsed = elapsed
        self.reason = reason

    @property
    def is_success(self) -> bool:
        """Returns whether the call returned, and did not give up."""
        return self.error is None and self.reason is None

    def unwrap(self) -> Any:
        """Returns the result, or raises the error."""
        if self.error is not None:
            raise self.error
        return self.result

    def __repr__(self) -> str:
        end = f"result={self.result!r}" if self.error is None else f"error={self.error!r}"
        told = f"tries={self.tries}, elapsed={self.elapsed!r}, reason={self.reason!r}"
        return f"<Outcome {end}, {told}>"


def retry(
    policy: Policy | Waits | Callable[..., Any],
    function: Callable[_Arguments, _Result],
    *args: _Arguments.args,
    **kwargs: _Arguments.kwargs,
) -> _Result:
    """Calls a function with these arguments, and again after an `Exception`, as the policy says.

    The policy is a `Policy` or a wait strategy. After the last try, the function's own error comes back.
    For other errors and more options, decorate the function: `on_exception(policy, OSError)(function)`.
    """
    if is_async(function):
        raise TypeError(
            f"retry() needs a function that is not async; await aretry() with {function!r}"
        )
    return on_exception(policy, Exception)(function)(*args, **kwargs)


async def aretry(
    policy: Policy | Waits | Callable[..., Any],
    function: Callable[_Arguments, Awaitable[_Result]],
    *args: _Arguments.args,
    **kwargs: _Arguments.kwargs,
) -> _Result:
    """Awaits a coroutine function with these arguments, and again after an `Exception`, as the policy says."""
    if not is_async(function):
        raise TypeError(
            f"aretry() needs a coroutine function, but it is {function!r}; there is retry()"
        )
    return await on_exception(policy, Exception)(function)(*args, **kwargs)


def outcome_of(options, target, args, kwargs):
    """Calls the decorated target; the `Outcome`, which an async target is awaited for."""
    call = _Watched(options, target)
    return call.awaited(args, kwargs) if is_async(target) else call.called(args, kwargs)


class _Watched:
    """One call that counts its tries."""

    def __init__(self, options, target):
        self._seen = {"tries": 0, "elapsed": 0.0, "reason": None}
        events = dict.fromkeys(("on_try", "on_backoff", "on_success", "on_giveup"), self._note)
        self._function = _decorated(options.with_handlers(events), target)

    def _note(self, details):
        self._seen.update(
            tries=details["tries"], elapsed=details["elapsed"], reason=details.get("reason")
        )

    def called(self, args, kwargs):
        try:
            result = self._function(*args, **kwargs)
        except Exception as error:
            return Outcome(error=error, **self._seen)
        return Outcome(result, **self._seen)

    async def awaited(self, args, kwargs):
        try:
            result = await self._function(*args, **kwargs)
        except Exception as error:
            return Outcome(error=error, **self._seen)
        return Outcome(result, **self._seen)
