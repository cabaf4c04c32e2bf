"""The exporters that every call notifies; the switch `has_exporters` says whether there are any."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# the methods of the exporters for each event
exporters: dict[str, tuple[Callable[[Any], Any], ...]] = {}
# makes the record of an event, which all of them get, from its details
record: Any = None
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
        Unraisable(error)
        return
    for notify in methods:
        try:
            notify(made)
        except Exception as error:
            Unraisable(error)


class Unraisable:
    """Raises an error where no caller can get it, so that CPython reports it."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __del__(self) -> None:
        raise self._error
