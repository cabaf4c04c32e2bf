"""Numbers of seconds, as programs give them: a number of any type, or a `timedelta`."""

from __future__ import annotations

from rebackoff._mistakes import mistake

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def plain(value: Any) -> Any:
    """`value`; its seconds where it is a `timedelta`, a float where it is a number like `Decimal`, which floats do not go with."""
    kind = type(value)
    if kind is float or kind is int or isinstance(value, type):
        return value
    if hasattr(value, "total_seconds"):
        return value.total_seconds()
    from numbers import Real

    found = None if isinstance(value, Real) else number(value)
    return value if found is None else found


def number(value: Any) -> float | None:
    """`value` as an exact float, infinite where it is too large for one; None where it is no number."""
    if type(value) is float:
        return value
    if not (hasattr(type(value), "__float__") or hasattr(type(value), "__index__")):
        return None
    try:
        return float(value)
    except OverflowError:
        return float("-inf") if value < 0 else float("inf")
    except (TypeError, ValueError):
        return None


def whole(value: Any) -> int | None:
    """`value` as an exact int; None where it is no whole number."""
    if isinstance(value, bool) or not hasattr(type(value), "__index__"):
        return None
    try:
        return int(value.__index__())
    except TypeError:  # an array of numpy
        return None


def whole_within(name: str, value: Any, least: int, most: int) -> int:
    """`value` as an exact int from `least` to `most`."""
    found = whole(value)
    if found is None or not least <= found <= most:
        rule = f"a whole number from {least} to {most}"
        raise mistake(TypeError if found is None else ValueError, name, rule, value)
    return found


def checked(name: str, value: Any, rule: str, *, above: bool = False, least: float = 0.0) -> float:
    """The seconds of an option: `least` or more, or only more where `above` is set."""
    seconds = plain(value)
    found = None if isinstance(seconds, bool) else number(seconds)
    if found is None:
        raise mistake(TypeError, name, rule, value)
    is_too_large = found == float("inf") and not isinstance(seconds, float)
    if is_too_large or not (found > least if above else found >= least):
        raise mistake(ValueError, name, rule, value)
    return found
