"""What spreads a raw wait, so that clients that failed together do not retry together.

The draws come from the module `random`, looked up at call time: `random.seed` makes them repeatable.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def full_jitter(value: float) -> float:
    """A wait between 0 and `value` seconds, uniformly; the decorators' default."""
    return uniform(0, value)


def equal_jitter(value: float) -> float:
    """A wait between half of `value` and `value` seconds, uniformly."""
    return value / 2 + uniform(0, value / 2)


def random_jitter(value: float) -> float:
    """`value` and up to one second more, uniformly."""
    return value + draw()


def uniform(low: Any, high: Any) -> Any:
    """`random.uniform`."""
    try:
        module = random  # type: ignore[name-defined]
    except NameError:
        module = __getattr__("random")
    return module.uniform(low, high)


def draw() -> Any:
    """`random.random`."""
    return (globals().get("random") or __getattr__("random")).random()


def __getattr__(name: str) -> Any:
    if name != "random":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import random

    globals()["random"] = random
    return random
