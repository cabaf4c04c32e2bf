"""The switches of the whole process: those behind `rebackoff.testing`, and those by which calls do more than to retry."""

from __future__ import annotations

from _contextvars import ContextVar  # `contextvars` imports more

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from rebackoff.testing import VirtualClock

# whether any of them is on
is_on = False
# whether an exporter wants an event
is_instrumented = False
# whether a program has put its own function in the place of a private one
is_patched = False
is_disabled = False
has_no_jitter = False
# the list that takes the waits in place of sleeping
waits: list[Any] | None = None
# whether the clock of calls is another, or ahead
moves = False
# the number of modules at the clock's last look at them; -1 where each reading has to look at all
looked_at = -1
clock: VirtualClock | None = None
# the seconds of all waits that were skipped, which pass for budgets and breakers
skipped = 0.0
# the seconds of the waits that this task or thread has skipped, which pass for its calls
_passed: ContextVar[float] = ContextVar("rebackoff.skipped", default=0.0)


def skip(wait: Any) -> bool:
    """Returns whether the wait is skipped, in which case it is recorded and its seconds pass at once."""
    global skipped, moves, looked_at
    if waits is None:
        return False
    if clock is not None:
        clock.advance(float(wait))
    else:
        skipped += float(wait)
        _passed.set(_passed.get() + float(wait))
        moves, looked_at = True, -1
    waits.append(wait)
    return True


def moved(read: Any) -> Any:
    """The reading of the virtual clock, or of the real one and the waits that this task or thread has skipped."""
    return read() + _passed.get() if clock is None else clock.time()


def switch(**values: Any) -> dict[str, Any]:
    """Sets the switches of these names. Returns their values of before."""
    switches = globals()
    before = {name: switches[name] for name in values}
    switches.update(values)
    switches["looked_at"] = -1
    switches["moves"] = skipped > 0 or clock is not None
    switches["is_on"] = (
        is_instrumented or is_patched or is_disabled or has_no_jitter or waits is not None
    )
    return before
