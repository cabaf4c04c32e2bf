"""The outcomes of calls, which tell how many tries a call took."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from rebackoff._callables import is_async, is_async_generator, is_generator, name_of

_Result = TypeVar("_Result")


class Outcome(Generic[_Result]):
    """The end of a call.

    result: the returned value; None where the call raised.
    error: the error of the last try; None where the call returned.
    tries: the number of tries; with `reset_after`, of those since the last reset.
    total_tries: the number of all tries.
    elapsed: the seconds from the start of the first try; with `reset_after`, since the last reset.
    reason: the reason to give up, such as "max_tries"; None after a success, and after an error that
        is not retried.
    """

    __slots__ = ("elapsed", "error", "reason", "result", "total_tries", "tries")

    def __init__(
        self,
        result: _Result | None = None,
        error: BaseException | None = None,
        tries: int = 0,
        elapsed: float = 0.0,
        reason: str | None = None,
        total_tries: int | None = None,
    ) -> None:
        self.result = result
        self.error = error
        self.tries = tries
        self.total_tries = tries if total_tries is None else total_tries
        self.elapsed = elapsed
        self.reason = reason

    @property
    def is_success(self) -> bool:
        """Returns whether the call returned, and did not give up."""
        return self.error is None and self.reason is None

    def unwrap(self) -> _Result:
        """Returns the result, or raises the error."""
        if self.error is not None:
            raise self.error
        return self.result  # type: ignore[return-value]  # a call without an error has returned it

    def __repr__(self) -> str:
        end = f"result={self.result!r}" if self.error is None else f"error={self.error!r}"
        counted = f"tries={self.tries}, elapsed={self.elapsed!r}, reason={self.reason!r}"
        return f"<Outcome {end}, {counted}>"


def watched(
    decorate: Any, options: Any, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Calls the target, decorated with these options; the `Outcome`, which an async target is awaited for."""
    if not options.by_predicate and (is_generator(target) or is_async_generator(target)):
        raise TypeError(
            f"{name_of(target)}() is a generator function, whose tries come when it is iterated: it has no outcome"
        )
    call = _Watched(decorate, options, target)
    return call.awaited(args, kwargs) if is_async(target) else call.called(args, kwargs)


def check_object(target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Refuses the call of a method without its object."""
    code = getattr(target, "__code__", None)
    if code is None or code.co_varnames[: min(code.co_argcount, 1)] not in (("self",), ("cls",)):
        return
    import inspect

    try:
        inspect.signature(target).bind(*args, **kwargs)
    except TypeError as error:
        name = name_of(target)
        advice = (
            f"obj.{name}.outcome() does not have obj, rebackoff.outcome(obj.{name}, …) keeps it"
        )
        raise TypeError(f"{target.__qualname__}() is {error}; {advice}") from None


class _Watched:
    """One call that counts its tries."""

    def __init__(self, decorate: Any, options: Any, target: Any) -> None:
        self._seen: dict[str, Any] = {"tries": 0, "elapsed": 0.0, "reason": None}
        events = dict.fromkeys(("on_try", "on_backoff", "on_success", "on_giveup"), self._note)
        self._function = decorate(options.with_handlers(events), target)

    def _note(self, details: Any) -> None:
        self._seen.update(
            tries=details["tries"],
            total_tries=details.get("total_tries"),
            elapsed=details["elapsed"],
            reason=details.get("reason"),
        )

    def called(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Outcome[Any]:
        try:
            result = self._function(*args, **kwargs)
        except Exception as error:
            return Outcome(error=error, **self._seen)
        return Outcome(result, **self._seen)

    async def awaited(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Outcome[Any]:
        try:
            result = await self._function(*args, **kwargs)
        except Exception as error:
            return Outcome(error=error, **self._seen)
        return Outcome(result, **self._seen)
