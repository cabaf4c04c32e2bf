"""Breakers and budgets whose state is exported, by name."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

from rebackoff._keyed import Keyed


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
        """The tokens left to spend."""
        ...


Guard: TypeAlias = HasState | HasTokens

# the states of a breaker, as numbers
STATES = {"closed": 0, "half_open": 1, "open": 2, "isolated": 3}

_guards: dict[str, Guard | Keyed[Any]] = {}


def watch(name: str | Guard, guard: Guard | Keyed[Any] | None = None) -> None:
    """Exports the guard's state or tokens under this name, whenever metrics are read.

    A guard that was made with a name needs no other: `watch(breaker)`. Of a `Keyed`, the guard of each
    key is exported as `name/key`. Another guard of the same name takes its place. It is kept alive until
    `unwatch`.
    """
    key, watched = (getattr(name, "name", None), name) if guard is None else (name, guard)
    if not isinstance(key, str) or isinstance(watched, str):
        rule = "a name and a guard, or a guard with a name"
        raise TypeError(f"watch() needs {rule}, but it got {name!r}, {guard!r}")
    _guards[key] = watched


def unwatch(name: str) -> None:
    """Exports the guard of this name no more, if there is one."""
    _guards.pop(name, None)


def guards() -> dict[str, Guard]:
    """The guards that are watched, by name, those of each key among them."""
    found: dict[str, Guard] = {}
    for name, guard in list(_guards.items()):
        if isinstance(guard, Keyed):
            found.update({f"{name}/{key}": one for key, one in guard.items()})
        else:
            found[name] = guard
    return found


def breaker_states() -> list[tuple[str, int]]:
    """The watched breakers' names and states, as numbers."""
    states = ((name, getattr(guard, "state", None)) for name, guard in guards().items())
    return [(name, STATES[state]) for name, state in states if state in STATES]


def budget_tokens() -> list[tuple[str, float]]:
    """The watched budgets' names and tokens."""
    tokens = ((name, getattr(guard, "tokens", None)) for name, guard in guards().items())
    return [(name, left) for name, left in tokens if left is not None]
