"""Functions that spread a raw wait, so that clients that failed together do not retry together.

The draws come from the module `random`, looked up at call time: `random.seed` makes them repeatable.
"""

from __future__ import annotations

import sys

# `random.uniform` as it is born, and the draw that it makes
_original: Any = None
_draw: Any = None

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def full_jitter(value: float) -> float:
    """A wait between 0 and `value` seconds, uniformly; the decorators' default."""
    try:
        # A type checker sees no `random` here: `_found` imports it at the first wait.
        uniform = random.uniform  # type: ignore[name-defined]
    except NameError:
        uniform = _found("random").uniform
    # the original's arithmetic, without another call
    return value * _draw() if uniform is _original else uniform(0, value)


def equal_jitter(value: float) -> float:
    """A wait between half of `value` and `value` seconds, uniformly."""
    return value / 2 + uniform(0, value / 2)


def random_jitter(value: float) -> float:
    """`value` and up to one second more, uniformly."""
    return value + draw()


JITTERS = (full_jitter, equal_jitter, random_jitter)


def uniform(low: Any, high: Any) -> Any:
    """`random.uniform`."""
    return _random().uniform(low, high)


def draw() -> Any:
    """`random.random`."""
    return _random().random()


class _Ending:
    """Stands for `random` where the program ends and can import nothing: a finalizer's waits are not spread."""

    @staticmethod
    def uniform(low: Any, high: Any) -> Any:
        return high

    @staticmethod
    def random() -> float:
        return 1.0


def _random() -> Any:
    return globals().get("random") or _found("random")


def _found(name: str) -> Any:
    if name != "random":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        import random
    except ImportError:
        if sys.meta_path is not None:
            raise
        return _Ending
    global _original, _draw
    born = random.uniform
    if _original is None and getattr(born, "__func__", None) is random.Random.uniform:
        _original, _draw = born, born.__self__.random
    globals()["random"] = random
    return random


if not TYPE_CHECKING:
    __getattr__ = _found
