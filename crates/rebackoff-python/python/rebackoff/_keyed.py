"""A guard for each key."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Any, Generic, TypeVar

from rebackoff._callables import is_any_generator, is_async, refuses, takes
from rebackoff._mistakes import mistake

_Guard = TypeVar("_Guard")


class Keyed(Generic[_Guard]):
    """A budget or a breaker for each key, for example for each host.

        breakers = rebackoff.Keyed(lambda host: rebackoff.Breaker(open_for=10, name=host))

        @rebackoff.on_exception(rebackoff.expo, OSError, breaker=lambda url: breakers[host_of(url)])
        def fetch(url): ...

    Only `capacity` keys are kept; the one that was least recently used goes first. Finding one
    takes no lock. `breakers[key]` makes the guard of a new key; loops, `get`, `keys`, `values` and
    `items` make none. A copy, and one that travels to another process, begins anew, without keys.

    Args:
        make: Function that returns the guard of a new key. It may take the key.
        capacity: The most keys that are kept. Default: 1024.
    """

    def __init__(
        self, make: Callable[[], _Guard] | Callable[[Any], _Guard], capacity: int = 1024
    ) -> None:
        rule = "a whole number of at least 1"
        if not isinstance(capacity, int) or isinstance(capacity, bool):
            raise mistake(TypeError, "capacity", rule, capacity)
        if capacity < 1:
            raise mistake(ValueError, "capacity", rule, capacity)
        gives_guard = callable(make) and not is_async(make) and not is_any_generator(make)
        if not gives_guard or (refuses(make, 0) and refuses(make, 1)):
            raise mistake(TypeError, "make", "a function of the key that returns a guard", make)
        self._make: Callable[..., _Guard] = make
        self._takes_key = not takes(make, 0) and takes(make, 1)
        self._capacity = capacity
        self._guards: OrderedDict[Hashable, _Guard] = OrderedDict()
        self._set_lock()

    def __getitem__(self, key: Hashable) -> _Guard:
        try:
            guard = self._guards[key]
            self._guards.move_to_end(key)
        except KeyError:
            return self._made(key)
        return guard

    def _made(self, key: Hashable) -> _Guard:
        if self._process != os.getpid():
            self._set_lock()  # a fork may have copied it while another thread held it
        with self._making:
            guard = self._guards.get(key)
            if guard is None:
                made = self._make(key) if self._takes_key else self._make()
                guard = self._guards.setdefault(key, made)
                while len(self._guards) > self._capacity:
                    self._guards.popitem(last=False)
            return guard

    def _set_lock(self) -> None:
        # `make` may ask for another key
        self._process, self._making = os.getpid(), threading.RLock()

    def get(self, key: Hashable) -> _Guard | None:
        """The guard of a key; None where there is none yet."""
        return self._guards.get(key)

    def keys(self) -> list[Hashable]:
        """The keys that are kept, the least recently used first."""
        return [key for key, _ in self.items()]

    def values(self) -> list[_Guard]:
        """The guards that are kept."""
        return [guard for _, guard in self.items()]

    def items(self) -> list[tuple[Hashable, _Guard]]:
        """The keys that are kept, with their guards."""
        while True:
            try:
                return list(self._guards.items())
            except RuntimeError:  # another thread has found a key meanwhile
                continue

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self._guards)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._guards

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._make, self._capacity)

    def __repr__(self) -> str:
        return f"<Keyed {len(self)} of {self._capacity}>"
