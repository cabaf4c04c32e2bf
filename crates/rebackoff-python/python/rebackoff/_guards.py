"""Budgets and breakers: what is Python's of them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from rebackoff._native import Breaker, Budget, Permit

__all__ = ["Breaker", "Budget", "CircuitOpenError", "Keyed", "Permit"]

_Guard = TypeVar("_Guard")


class CircuitOpenError(Exception):
    """A breaker lets no call through. It is not a failure of the target: nobody asked the target.

    Raised by a target, it says nothing to the breakers around, unless `counts` has a word on it.

    retry_in: seconds until a probe can be made; None when the breaker is isolated.
    """

    def __init__(
        self, message: str = "the circuit breaker is open", retry_in: float | None = None
    ) -> None:
        super().__init__(message, retry_in)
        self.retry_in = retry_in

    def __str__(self) -> str:
        return str(self.args[0])


class Keyed(Generic[_Guard]):
    """A budget or a breaker for each key, for example for each host.

        breakers = rebackoff.Keyed(lambda: rebackoff.Breaker(open_for=10))

        @rebackoff.on_exception(rebackoff.expo, OSError, breaker=lambda url: breakers[host_of(url)])
        def fetch(url): ...

    Only `capacity` keys are kept; the one that was least recently used goes first. Finding one
    takes no lock.

    Args:
        make: What makes the guard of a new key.
        capacity: The most keys that are kept. Default: 1024.
    """

    def __init__(self, make: Callable[[], _Guard], capacity: int = 1024) -> None:
        if not isinstance(capacity, int) or isinstance(capacity, bool):
            raise TypeError(
                f"capacity must be a whole number of at least 1, but it is {capacity!r}"
            )
        if capacity < 1:
            raise ValueError(
                f"capacity must be a whole number of at least 1, but it is {capacity!r}"
            )
        self._make = make
        self._capacity = capacity
        self._guards: OrderedDict[Hashable, _Guard] = OrderedDict()
        self._making = threading.Lock()

    def __getitem__(self, key: Hashable) -> _Guard:
        try:
            guard = self._guards[key]
            self._guards.move_to_end(key)
        except KeyError:
            return self._made(key)
        return guard

    def _made(self, key: Hashable) -> _Guard:
        with self._making:
            guard = self._guards.get(key)
            if guard is None:
                guard = self._guards[key] = self._make()
                while len(self._guards) > self._capacity:
                    self._guards.popitem(last=False)
            return guard

    def __len__(self) -> int:
        return len(self._guards)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._guards

    def __repr__(self) -> str:
        return f"<Keyed {len(self)} of {self._capacity}>"
