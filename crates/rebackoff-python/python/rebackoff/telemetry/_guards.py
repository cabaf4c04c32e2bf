"""Breakers and budgets whose state is exported, by name."""

from __future__ import annotations

from typing import Protocol, TypeAlias


class HasState(Protocol):
    """A breaker, as far as metrics are concerned."""

    @property
    def state(self) -> str:
        """One of `STATES`."""
        ...


class HasTokens(Protocol):
    """A budget, as far as metrics are concerned."""

    @property
    def tokens(self) -> float:
        """What is left to spend."""
        ...


Guard: TypeAlias = HasState | HasTokens

# the states of a breaker, as numbers
STATES = {"closed": 0, "half_open": 1, "open": 2, "isolated": 3}

_guards: dict[str, Guard] = {}


def watch(name: str, guard: Guard) -> None:
    """Exports the guard's state or tokens under this name, whenever metrics are read.

    Another guard of the same name takes its place. It is kept alive until `unwatch`.
    """
    _guards[name] = guard


def unwatch(name: str) -> None:
    """Exports the guard of this name no more, if there is one."""
    _guards.pop(name, None)


def guards() -> dict[str, Guard]:
    """The guards that are watched, by name."""
    return dict(_guards)


def breaker_states() -> list[tuple[str, int]]:
    """The watched breakers' names and states, as numbers."""
    states = ((name, getattr(guard, "state", None)) for name, guard in guards().items())
    return [(name, STATES[state]) for name, state in states if state in STATES]


def budget_tokens() -> list[tuple[str, float]]:
    """The watched budgets' names and tokens."""
    tokens = ((name, getattr(guard, "tokens", None)) for name, guard in guards().items())
    return [(name, left) for name, left in tokens if left is not None]
