"""Exporters, and handlers that connect one to a single decorator."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypedDict

from rebackoff._checks import never_awaited
from rebackoff._mistakes import mistake
from rebackoff.telemetry._record import Record

EVENTS = ("on_try", "on_backoff", "on_giveup", "on_success")
_Handler = Callable[[Any], None]


class Exporter:
    """Receives events as records. A subclass overrides the events that it wants, and pays for no others.

    replaces_records: decorators that notify it do not log their default records.

    >>> class Printer(Exporter):
    ...     def on_backoff(self, record):
    ...         print(f"{record.target} failed, try {record.tries}")
    """

    replaces_records = False

    def on_try(self, record: Record) -> None:
        """A try is about to begin."""

    def on_backoff(self, record: Record) -> None:
        """A try failed and a wait follows."""

    def on_giveup(self, record: Record) -> None:
        """A try failed and was the last, or a breaker let none through."""

    def on_success(self, record: Record) -> None:
        """A try gave what was wanted."""


class Handlers(TypedDict):
    """Handlers by the decorators' options."""

    on_try: list[_Handler]
    on_backoff: list[_Handler]
    on_giveup: list[_Handler]
    on_success: list[_Handler]


def handlers(*exporters: Exporter) -> Handlers:
    """The exporters as options of one decorator or retry context.

    An error that an exporter raises comes through the call, as that of any handler.

    >>> handlers()
    {'on_try': [], 'on_backoff': [], 'on_giveup': [], 'on_success': []}
    """
    check(exporters)
    return {
        "on_try": _of(exporters, "on_try"),
        "on_backoff": _of(exporters, "on_backoff"),
        "on_giveup": _of(exporters, "on_giveup"),
        "on_success": _of(exporters, "on_success"),
    }


def check(exporters: Iterable[Any]) -> None:
    """Raises where one is no exporter."""
    for one in exporters:
        if not all(hasattr(type(one), name) for name in (*EVENTS, "replaces_records")):
            is_class = isinstance(one, type) and issubclass(one, Exporter)
            advice = f"; did you mean {one.__name__}(…)?" if is_class else ""
            raise mistake(TypeError, "an exporter", "an object of an Exporter class", one, advice)
        for name in EVENTS:
            never_awaited(name, getattr(one, name))


def overridden(exporters: Iterable[Exporter], name: str) -> list[Exporter]:
    """The exporters that want the event of this name."""
    return [one for one in exporters if getattr(type(one), name) is not getattr(Exporter, name)]


def _of(exporters: tuple[Exporter, ...], name: str) -> list[_Handler]:
    return [
        _handler(name[len("on_") :], getattr(exporter, name), exporter.replaces_records)
        for exporter in overridden(exporters, name)
    ]


def _handler(event: str, export: Callable[[Record], None], replaces_records: bool) -> _Handler:
    def handle(details: Any) -> None:
        export(Record.of(event, details))

    handle.__dict__["is_exporter"] = True
    if replaces_records:
        handle.__dict__["replaces_records"] = True
    return handle
