"""Retry contexts: loops over attempts, which start afresh each time."""

from __future__ import annotations

from rebackoff import _async, _sync


class Attempts:
    """The attempts of a retry context: a loop over it is one call. Used by hand, it is a generator."""

    __slots__ = ("_by_hand", "_parts")

    def __init__(self, options, attempt_class):
        self._parts = options, attempt_class
        self._by_hand = None

    def __iter__(self):
        return _sync.attempts(*self._parts)

    def _generator(self):
        if self._by_hand is None:
            self._by_hand = iter(self)
        return self._by_hand

    def __next__(self):
        return next(self._generator())

    def send(self, value):
        """Gives the next attempt."""
        return self._generator().send(value)

    def throw(self, error, *rest):
        """Ends the generator with the error."""
        return self._generator().throw(error, *rest)

    def close(self):
        """Ends the generator."""
        self._generator().close()


class AsyncAttempts:
    """The attempts of an async retry context: a loop over it is one call. Used by hand, it is an async generator."""

    __slots__ = ("_by_hand", "_parts")

    def __init__(self, options, attempt_class):
        self._parts = options, attempt_class
        self._by_hand = None

    def __aiter__(self):
        return _async.attempts(*self._parts)

    def _generator(self):
        if self._by_hand is None:
            self._by_hand = aiter(self)
        return self._by_hand

    def __anext__(self):
        return self._generator().__anext__()

    def asend(self, value):
        """Gives the next attempt."""
        return self._generator().asend(value)

    def athrow(self, error, *rest):
        """Ends the generator with the error."""
        return self._generator().athrow(error, *rest)

    def aclose(self):
        """Ends the generator."""
        return self._generator().aclose()
