"""Records of the standard library's `logging`, with fields."""

from __future__ import annotations

import logging

from rebackoff.telemetry._exporter import Exporter
from rebackoff.telemetry._record import Record

__all__ = ["LoggingExporter"]


class LoggingExporter(Exporter):
    """Logs waits and give-ups, one line each, and at a lower level what went well.

        shop.fetch: try 2 of 5 failed, waiting 450 ms: ConnectionError: refused
        shop.fetch: gave up after try 5 of 5, max_tries: ConnectionError: refused

    A line has the module and the function (or the `name` of the call), the try, the most tries where
    there is a limit, the wait or the reason, and the error.

    Each record has the fields `target`, `tries` and `elapsed`, and where they are known `wait`,
    `reason` and `error`, as attributes for formatters and filters. Decorators that notify it do
    not log their default records. Those keep the words of `backoff`, and its logger.

    Args:
        logger: The logger or its name. Default: `rebackoff`.
        backoff_level: The level of a wait. Default: INFO.
        giveup_level: The level of giving up. Default: ERROR.
        success_level: The level of a success after retries. Default: DEBUG.
    """

    replaces_records = True

    def __init__(
        self,
        logger: str | logging.Logger = "rebackoff",
        *,
        backoff_level: int = logging.INFO,
        giveup_level: int = logging.ERROR,
        success_level: int = logging.DEBUG,
    ) -> None:
        self._logger = logging.getLogger(logger) if isinstance(logger, str) else logger
        self._backoff_level = backoff_level
        self._giveup_level = giveup_level
        self._success_level = success_level

    def on_backoff(self, record: Record) -> None:
        self._log(
            self._backoff_level,
            "%s: %s failed, waiting %s: %s",
            record,
            record.target,
            _try(record),
            _readable(record.wait or 0.0),
            _described(record),
        )

    def on_giveup(self, record: Record) -> None:
        self._log(
            self._giveup_level,
            "%s: gave up %s, %s: %s",
            record,
            record.target,
            f"after {_try(record)}" if record.tries else "before the first try",
            record.reason,
            _described(record),
        )

    def on_success(self, record: Record) -> None:
        if record.tries > 1:
            self._log(
                self._success_level,
                "%s: succeeded on try %d",
                record,
                record.target,
                record.tries,
            )

    def _log(self, level: int, message: str, record: Record, *values: object) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, message, *values, extra=record.fields())


def _try(record: Record) -> str:
    return f"try {record.tries}" + ("" if record.max_tries is None else f" of {record.max_tries}")


def _described(record: Record) -> str:
    """The error with its class, or the value, on one line."""
    outcome = record.outcome
    is_error = isinstance(outcome, BaseException)
    try:
        text = str(outcome) if is_error else repr(outcome)
    except Exception:
        text = "which has no text" if is_error else f"a {type(outcome).__name__} without a text"
    text = " ".join(text.splitlines())
    return f"{type(outcome).__name__}: {text}".removesuffix(": ") if is_error else text


def _readable(seconds: float) -> str:
    """A wait in the unit that suits it."""
    if seconds < 1:
        return f"{1000 * seconds:.3g} ms"
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
