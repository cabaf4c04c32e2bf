"""Breakers and budgets whose state is exported, by name."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

from rebackoff._keyed import Keyed
from rebackoff._mistakes import shown


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
# the name and the scope of a guard, which are its labels, and a number
Reading: TypeAlias = tuple[tuple[str, str], float]

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
        raise TypeError(f"watch() needs {rule}, but it got {shown(name)}, {shown(guard)}")
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


def breaker_states() -> list[Reading]:
    """The states of the watched breakers, as numbers."""
    return [(labels, STATES[state]) for labels, state in _read("state") if state in STATES]


def budget_tokens() -> list[Reading]:
    """The tokens of the watched budgets."""
    return _read("tokens")


def degraded() -> list[Reading]:
    """1 for each watched guard that goes on without the store of its fleet, 0 for one that does not."""
    return [
        (labels, int(is_degraded))
        for labels, is_degraded in _read("degraded")
        if labels[1] == "fleet"
    ]


def _read(attribute: str) -> list[tuple[tuple[str, str], Any]]:
    """The labels and the attribute of the watched guards that have it."""
    found = []
    for name, guard in guards().items():
        value = getattr(guard, attribute, None)
        if value is not None:
            found.append(((name, getattr(guard, "scope", "process")), value))
    return found
