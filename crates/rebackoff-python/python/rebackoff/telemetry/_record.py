"""`Record`: an event, as exporters receive it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from rebackoff._callables import name_of

HTTP_LIBRARIES = frozenset({"aiohttp", "http", "httpx", "requests", "urllib", "urllib3"})


class Record(NamedTuple):
    """One event of a call, whatever it is exported to.

    event: "try", "backoff", "giveup" or "success".
    target: the name that the program gave the call, or the target's module and name, or "retry_context".
    tries: the tries so far, the one that begins or has just ended included.
    elapsed: seconds since the first try began.
    wait: the seconds that are slept now (backoff).
    reason: why the call gave up (giveup).
    outcome: the error, or with `on_predicate` the value, of the try that ended; a `CircuitOpenError`
        where a breaker let none through, so that `tries` is 0.
    max_tries: the most tries, where there is a limit.
    """

    event: str
    target: str
    tries: int
    elapsed: float
    wait: float | None = None
    reason: str | None = None
    outcome: object = None
    max_tries: int | None = None

    @classmethod
    def of(cls, event: str, details: Mapping[str, Any]) -> Record:
        """The record of an event, from the details that handlers get."""
        error = details.get("exception")
        return cls(
            event,
            _target(details),
            details["tries"],
            details["elapsed"],
            details.get("wait"),
            details.get("reason"),
            details.get("value") if error is None else error,
            details.get("max_tries"),
        )

    @property
    def error(self) -> str | None:
        """The class of the error with its module, if the outcome is one."""
        if not isinstance(self.outcome, BaseException):
            return None
        kind = type(self.outcome)
        return kind.__qualname__ if kind.__module__ == "builtins" else _path(kind)

    @property
    def resend_count(self) -> int | None:
        """Returns how often the HTTP request of this try had been sent before, if it was one and had.

        The attribute `http.request.resend_count` of OpenTelemetry's semantic conventions.
        """
        return self.tries - 1 if self.tries > 1 and _is_http(self.outcome) else None

    def fields(self) -> dict[str, str | int | float]:
        """The known values, by the glossary's names: for logs and span events."""
        fields: dict[str, str | int | float | None] = {
            "target": self.target,
            "tries": self.tries,
            "elapsed": self.elapsed,
            "wait": self.wait,
            "reason": self.reason,
            "error": self.error,
        }
        return {name: value for name, value in fields.items() if value is not None}


def label(options: Any, target: Any) -> str:
    """The name in the records of a decorated function."""
    if options.name is not None:
        return str(options.name)
    return _path(target if options.timeout is None else target.__wrapped__)


def _target(details: Mapping[str, Any]) -> str:
    name = details.get("name")
    if isinstance(name, str):
        return name
    return _path(details["target"]) if "target" in details else "retry_context"


def _path(named: Any) -> str:
    try:
        module, name = named.__module__, named.__qualname__
    except AttributeError:
        module, name = getattr(named, "__module__", None), name_of(named)
    return f"{module}.{name}" if isinstance(module, str) else str(name)


def _is_http(outcome: object) -> bool:
    """Returns whether the outcome is a response or an error of a library that speaks HTTP."""
    return any(
        kind.__module__.partition(".")[0] in HTTP_LIBRARIES for kind in type(outcome).__mro__
    )
