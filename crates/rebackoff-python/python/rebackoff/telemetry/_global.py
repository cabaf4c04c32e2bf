"""Exporters that every call of the program notifies."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

from rebackoff import _instrumented
from rebackoff._clock import clock
from rebackoff._instrumented import Unraisable
from rebackoff._switches import switches
from rebackoff.telemetry._exporter import EVENTS, Exporter, check, overridden
from rebackoff.telemetry._record import Record, label

_lock = Lock()
_exporters: list[Exporter] = []


def instrument(*exporters: Exporter) -> None:
    """From now on, every call notifies the exporters, whenever its function was decorated.

    Calls that run already may notify in part. An exporter that is there already is not added
    again. An error that an exporter raises goes to `sys.unraisablehook`, and the call goes on.
    """
    check(exporters)
    with _lock:
        _exporters.extend(exporter for exporter in exporters if exporter not in _exporters)
        _replace()


def uninstrument(*exporters: Exporter) -> None:
    """From now on, no call notifies these exporters; without arguments, none at all."""
    with _lock:
        _exporters[:] = [one for one in _exporters if exporters and one not in exporters]
        _replace()


def _replace() -> None:
    by_event = {
        name: tuple(getattr(one, name) for one in overridden(_exporters, name)) for name in EVENTS
    }
    _instrumented.record = Record.of
    _instrumented.exporters = {name: methods for name, methods in by_event.items() if methods}
    _instrumented.replaces_records = any(one.replaces_records for one in _exporters)
    switches.switch(
        has_exporters=bool(_instrumented.exporters),
        is_early="on_try" in _instrumented.exporters,
        export_success=_export_of_success(by_event["on_success"]),
    )


# the constructor of `Record` is a function of Python, which costs more
_new = tuple.__new__


def _export_of_success(methods: tuple[Callable[[Record], Any], ...]) -> Callable[..., None]:
    """The function that notifies the exporters that a call has returned after its first try."""

    def export_success(options: Any, target: Any, start: Any) -> None:
        if not methods:
            return
        try:
            elapsed = clock() - start
            labelled, name = options.labelled
            if labelled is not target:
                name = label(options, target)
                options.labelled = target, name
            made = _new(Record, ("success", name, 1, elapsed, None, None, None, options.max_tries))
        except Exception as error:
            Unraisable(error)
            return
        for notify in methods:
            try:
                notify(made)
            except Exception as error:
                Unraisable(error)

    return export_success
