"""The parameters of budgets and breakers: their checks, and a guard that is made of them again."""

from __future__ import annotations

from typing import Any

from rebackoff._mistakes import mistake
from rebackoff._seconds import checked, number, whole

_MOST = 2**32 - 1


def text(name: str, value: Any) -> str | None:
    """A text, or None."""
    if value is not None and not (isinstance(value, str) and value):
        rule = "a text of one letter or more" if value == "" else "a text"
        raise mistake(TypeError, name, rule, value)
    return value


def count(name: str, value: Any) -> int:
    rule = "a whole number of at least 1"
    found = whole(value)
    if found is None or found < 0:
        raise mistake(TypeError if found is None else ValueError, name, rule, value)
    return min(found, _MOST)


def rate(name: str, value: Any) -> float:
    found = None if isinstance(value, bool) else number(value)
    if found is None:
        raise mistake(TypeError, name, "a number", value)
    return found


def duration(name: str, value: Any) -> float:
    return checked(name, value, "a number of seconds, 0 or more, or a timedelta")


def word(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise mistake(TypeError, name, "a word, such as 'full'", value)
    return str.__str__(value)


def flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise mistake(TypeError, name, "True or False", value)
    return value


def prefix(name: str | None) -> str:
    """The name of a guard, before what it is."""
    return "" if name is None else f"{name!r} "


def made_again(kind: type, parameters: dict[str, Any], constructor: str = "") -> Any:
    """The guard that these parameters make, for `pickle`. (A class method would travel by value, not by its name.)"""
    make = getattr(kind, constructor) if constructor else kind
    return make(**parameters)
