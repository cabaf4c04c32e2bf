"""The switches of the whole process: those behind `rebackoff.testing`, and those by which calls do more than to retry."""

from __future__ import annotations

from _contextvars import ContextVar  # `contextvars` imports more

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from rebackoff.testing import VirtualClock

# the seconds of the waits that this task or thread has skipped, which pass for its calls
_passed: ContextVar[float] = ContextVar("rebackoff.skipped", default=0.0)


class Switches:
    """The switches. An object travels by its name, where a pickler copies a module with its state."""

    def __init__(self) -> None:
        # whether any of them is on
        self.is_on = False
        # whether an exporter, or a program's own function in the place of one that calls handlers, wants an event
        self.is_instrumented = self.has_exporters = self.has_notifier = False
        # whether an exporter wants more of a success than its end
        self.is_early = False
        # notifies exporters of a success at the first try, for which there need be no `Call`
        self.export_success: Any = None
        # whether a program has put its own function in the place of a private one
        self.is_patched = False
        self.is_disabled = False
        self.has_no_jitter = False
        # the list that takes the waits in place of sleeping
        self.waits: list[Any] | None = None
        # whether the clock of calls is another, or ahead
        self.moves = False
        # the number of modules at the clock's last look at them; -1 where each reading has to look at all
        self.looked_at = -1
        self.clock: VirtualClock | None = None
        # the seconds of all waits that were skipped, which pass for budgets and breakers
        self.skipped = 0.0

    def __reduce__(self) -> str:
        return "switches"

    def skip(self, wait: Any) -> bool:
        """Returns whether the wait is skipped, in which case it is recorded and its seconds pass at once."""
        if self.waits is None:
            return False
        if self.clock is not None:
            self.clock.advance(float(wait))
        else:
            self.skipped += float(wait)
            _passed.set(_passed.get() + float(wait))
            self.moves, self.looked_at = True, -1
        self.waits.append(wait)
        return True

    def moved(self, read: Any) -> Any:
        """The reading of the virtual clock, or of the real one and the waits that this task or thread has skipped."""
        return read() + _passed.get() if self.clock is None else self.clock.time()

    def switch(self, **values: Any) -> dict[str, Any]:
        """Sets the switches of these names. Returns their values of before."""
        before = {name: getattr(self, name) for name in values}
        for name, value in values.items():
            setattr(self, name, value)
        self.looked_at = -1
        self.moves = self.skipped > 0 or self.clock is not None
        self.is_instrumented = self.has_exporters or self.has_notifier
        self.is_on = (
            self.is_instrumented
            or self.is_patched
            or self.is_disabled
            or self.has_no_jitter
            or self.waits is not None
        )
        return before


switches = Switches()
