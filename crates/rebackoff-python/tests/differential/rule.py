"""The three kinds of rule."""

import dataclasses
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class StandIn:
    """`change(scenario)` is what the originals play; `settle_ours(trace)` takes out of ours what the change took out."""

    id: str
    when: Callable
    change: Callable
    settle_ours: Callable | None = None


@dataclasses.dataclass(frozen=True)
class Rule:
    """`settle(scenario, old, new)` returns what backoff 2.2.1 and python-backoff 3.0.0 did, changed to what is wanted."""

    id: str
    when: Callable
    settle: Callable


@dataclasses.dataclass(frozen=True)
class Check:
    """`complaint(scenario, ours)` says what is wrong with our trace, or nothing."""

    id: str
    when: Callable
    complaint: Callable
