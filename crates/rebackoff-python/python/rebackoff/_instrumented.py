"""The exporters that every call notifies; a call asks on its fast path whether there are any."""

from __future__ import annotations

from rebackoff import _clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# whether there is an exporter that wants an event
is_on = False
# the methods of the exporters for each event
exporters: dict[str, tuple[Callable[[Any], Any], ...]] = {}
# makes the record of an event, which all of them get, from its details
record: Any = None
# makes the record of a success at the first try
success_record: Any = None
# whether one of them logs, in place of the default records
replaces_records = False


def export(event: str, details: Any) -> None:
    """Notifies the exporters. Their errors are not the call's: `sys.unraisablehook` gets them."""
    methods = exporters.get(event)
    if methods is None:
        return
    try:
        made = record(event[len("on_") :], details)
    except Exception as error:
        _Unraisable(error)
        return
    _notify(methods, made)


def export_success(options: Any, target: Any, start: Any) -> None:
    """Notifies the exporters that a call has succeeded at its first try; there need be no `Call`."""
    methods = exporters.get("on_success")
    if methods is None:
        return
    try:
        made = success_record(options, target, _clock.clock() - start)
    except Exception as error:
        _Unraisable(error)
        return
    # `_notify`, without another call on the way of each success
    for notify in methods:
        try:
            notify(made)
        except Exception as error:
            _Unraisable(error)


def _notify(methods: tuple[Callable[[Any], Any], ...], made: Any) -> None:
    for notify in methods:
        try:
            notify(made)
        except Exception as error:
            _Unraisable(error)


class _Unraisable:
    """Raises an error where no caller can get it, so that CPython reports it."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __del__(self) -> None:
        raise self._error
