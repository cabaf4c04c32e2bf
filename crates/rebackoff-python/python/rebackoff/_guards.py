"""Guards: budgets and breakers, shared by threads, tasks and event loops, and the way in which calls ask them."""

from __future__ import annotations

from typing import Any

from rebackoff import _native
from rebackoff._breaker import Breaker, CircuitOpenError, is_rejection, rejection
from rebackoff._budget import Budget
from rebackoff._clock import now
from rebackoff._mistakes import shown

__all__ = ["Breaker", "Budget", "CircuitOpenError", "Guarding", "rejection"]


class Guarding:
    """The guards of a decorator, with the clock, the draws and `counts` that the `CallGuards` of its calls need."""

    __slots__ = ("_given", "_of_fleets", "breaker", "budget")

    def __init__(self, budget: Budget | None, breaker: Breaker | None, counts: Any) -> None:
        self._given = budget, breaker, counts
        guards = (one for one in (budget, breaker) if one is not None)
        self._of_fleets = [one for one in guards if one.fleet is not None]
        self.budget = None if budget is None else budget.core
        self.breaker = None if breaker is None else breaker.core

    def start(self) -> _native.CallGuards | float:
        """The guards of a call; the seconds until the next probe where the breaker rejects it."""
        return _native.CallGuards.start(self.budget, self.breaker, now())

    def handle_success(self, guards: _native.CallGuards, value: Any) -> None:
        """A try succeeded."""
        self._settle(guards.handle_success, value, None)

    def handle_failure(self, guards: _native.CallGuards, outcome: Any, gives_up: bool) -> None:
        """A try failed; where the caller's condition gives up, the target has answered all the same."""
        health = "neutral" if is_rejection(outcome) else None
        self._settle(guards.handle_failure, outcome, health, gives_up)

    def handle_retry(self, guards: _native.CallGuards, outcome: Any, wait: float) -> str | None:
        """Pays for a retry after `wait` seconds; the reason to give up where it is refused."""
        word = "retry" if self.budget is None else _cost(outcome)
        return guards.handle_retry(word, wait, now())

    def handle_resume(self, guards: _native.CallGuards) -> bool:
        """Asks the breaker again, after the wait."""
        return guards.handle_resume(now())

    def _settle(self, handle: Any, outcome: Any, health: str | None, *more: Any) -> None:
        _, breaker, counts = self._given
        for guard in self._of_fleets:
            guard.report()
        if breaker is None:
            handle(*more, None, 0.0, 0.0)
            return
        if counts is not None:
            health = _counted(counts(outcome))
        breaker.settle(handle, health, *more)

    def __reduce__(self) -> tuple[Any, ...]:
        return Guarding, self._given


def _counted(counted: Any) -> str:
    """The health that `counts` gives."""
    if counted is None:
        return "neutral"
    if isinstance(counted, bool):
        return "failure" if counted else "success"
    rule = "True for a failure of the target, False for a success, or None for neither"
    raise TypeError(f"counts must give {rule}, but it gave {shown(counted)}")


def _cost(outcome: Any) -> str:
    """The class of a retry after this outcome, by the names of its classes and its status."""
    from rebackoff._http_responses import status_of

    names = [kind.__name__ for kind in type(outcome).__mro__]
    if any("Timeout" in name for name in names):
        return "timeout"
    if any(word in name for name in names for word in _THROTTLED) or status_of(outcome) == 429:
        return "throttled"
    return "retry"


_THROTTLED = ("Throttl", "TooManyRequests", "RateLimit", "SlowDown")
