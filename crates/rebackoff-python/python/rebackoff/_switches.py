"""The switches behind `rebackoff.testing`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# whether any of them is on
is_on = False
is_disabled = False
# the list that takes the waits in place of sleeping
waits: list[Any] | None = None
# the seconds of all waits that were skipped
skipped = 0.0


def skip(wait: Any) -> bool:
    """Returns whether the wait is skipped, in which case it is recorded and passes for budgets and breakers."""
    global skipped
    if waits is None:
        return False
    skipped += float(wait)
    waits.append(wait)
    return True


def switch(*, disabled: bool, into: list[Any] | None) -> tuple[bool, list[Any] | None]:
    """Sets the switches. Returns what they were before."""
    global is_on, is_disabled, waits
    before = is_disabled, waits
    is_disabled, waits = disabled, into
    is_on = disabled or into is not None
    return before
