"""The form of all errors about wrong parameters: the parameter, the rule, the value."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_MOST_SHOWN = 300
# options of tenacity, stamina, urllib3 and others
_OF_OTHER_LIBRARIES = {
    "attempts": "max_tries",
    "backoff_factor": "factor",
    "before": "on_try",
    "before_sleep": "on_backoff",
    "cap": "max_value",
    "delay": "interval",
    "max_delay": "max_value",
    "on": "exception",
    "on_retry": "on_backoff",
    "retries": "max_tries",
    "stop": "max_tries",
    "tries": "max_tries",
    "wait": "wait_gen",
    "wait_initial": "factor",
    "wait_max": "max_value",
}


def mistake(kind: type[Exception], name: str, rule: str, value: Any, advice: str = "") -> Exception:
    """The error for the value of a parameter, which must be as `rule` says."""
    return kind(f"{name} must be {rule}, but it is {shown(value)}{advice}")


def shown(value: Any) -> str:
    """`repr(value)`, shortened; values that have none, such as integers of many digits, by their class."""
    try:
        text = repr(value)
    except Exception:
        return f"of the class {type(value).__name__}"
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


def suggestion(name: str, known: Iterable[str]) -> str:
    """The known name that is meant by another library's name or nearest to a misspelt one, or all of them."""
    import difflib

    known = [one for one in known if one != name]
    if _OF_OTHER_LIBRARIES.get(name) in known:
        return f"; did you mean {_OF_OTHER_LIBRARIES[name]!r}?"
    close = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(known)}"
