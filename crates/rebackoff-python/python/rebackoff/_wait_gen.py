"""The wait strategies.

Each function gives a configured generator: pass it to a decorator as it is, or pass the function
and its parameters as the decorator's own keywords. Every number of seconds may be a `timedelta`.
"""

from __future__ import annotations

from rebackoff._native import Waits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import timedelta
    from typing import Any

    Seconds = float | timedelta


def expo(base: float = 2, factor: Seconds = 1, max_value: Seconds | None = None) -> Waits:
    """Waits `factor * base ** n` seconds before retry n = 0, 1, 2 …, never more than `max_value`."""
    return Waits.expo(base, factor, max_value)


def fibo(max_value: Seconds | None = None) -> Waits:
    """Waits 1, 1, 2, 3, 5, 8 … seconds, never more than `max_value`."""
    return Waits.fibo(max_value)


def constant(interval: Seconds | Iterable[Seconds] = 1) -> Waits:
    """Waits `interval` seconds each time; where it is iterable, its items in turn, then gives up."""
    return Waits.constant(interval)


def linear(start: Seconds = 1, step: Seconds = 1, max_value: Seconds | None = None) -> Waits:
    """Waits `start + n * step` seconds before retry n = 0, 1, 2 …, never more than `max_value`."""
    return Waits.linear(start, step, max_value)


def decay(
    initial_value: Seconds = 1, decay_factor: float = 1, min_value: Seconds | None = None
) -> Waits:
    """Waits `initial_value * e ** (-n * decay_factor)` seconds before retry n = 0, 1, 2 …, never less than `min_value`."""
    return Waits.decay(initial_value, decay_factor, min_value)


def decorrelated(base: Seconds = 1, max_value: Seconds | None = 60) -> Waits:
    """Waits between `base` and three times the wait before, at random, never more than `max_value`.

    It is its own jitter: use it with `jitter=None`.
    """
    return Waits.decorrelated(base, max_value)


def runtime(*, value: Callable[[Any], Seconds | None]) -> Waits:
    """Waits what `value` says of the outcome (the returned value, or the error that was raised).

    It gives up where `value` says None.
    """
    return Waits.runtime(value)


STRATEGIES = (expo, fibo, constant, linear, decay, decorrelated, runtime)
