"""The exporters that every call notifies; a call on its fast path asks whether there are any."""

from __future__ import annotations

from rebackoff._native import set_exporters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    Handlers: TypeAlias = tuple[Callable[[Any], Any], ...]

exporters: list[Callable[[Any], Any]] = []


def tell(on_try: Handlers, on_backoff: Handlers, on_giveup: Handlers, on_success: Handlers) -> None:
    """Sets the handlers that every call notifies. Without handlers, instrumentation is off."""
    set_exporters(on_try=on_try, on_backoff=on_backoff, on_giveup=on_giveup, on_success=on_success)
    exporters[:] = on_try + on_backoff + on_giveup + on_success
