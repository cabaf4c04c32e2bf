"""The clock of calls, looked up where programs and their tests patch it."""

from __future__ import annotations

import time
from sys import modules

from rebackoff import _switches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_monotonic = time.monotonic
# the namespaces of `rebackoff._sync` and `rebackoff._async`, where programs patch `time` and `datetime`
_names: dict[str, Any] = {"time": time}
_awaited: dict[str, Any] = {}
# the module, once the program has imported it, and its own class
_datetime: Any = None
_original: Any = None
_epoch: Any = None


def look_in(names: dict[str, Any]) -> None:
    """Sets the namespace whose `datetime`, and `time` where it has one, tell the time."""
    global _names, _awaited
    if "time" in names:
        _names = names
    else:
        _awaited = names


def clock() -> Any:
    """Reads `time.monotonic`, or a patched `datetime.datetime` beside it, as backoff 2 did."""
    monotonic = _names["time"].monotonic
    if monotonic is _monotonic:
        if _datetime is None:
            _find_datetime()
        if _datetime is not None:
            patched = _datetime
            if "datetime" in _names:
                patched = _names["datetime"]
            elif "datetime" in _awaited:
                patched = _awaited["datetime"]
            if patched.datetime is not _original:
                return _calendar(patched.datetime)
    return monotonic()


def now() -> float:
    """The clock of budgets and breakers: `time.monotonic`, ahead by the waits that tests skipped."""
    return float(time.monotonic()) + _switches.skipped


def _calendar(patched: Any) -> float:
    """Seconds since the first look at this patch, so that they are exact."""
    global _epoch
    moment = patched.now()
    if _epoch is None or _epoch[0] is not patched:
        _epoch = patched, moment
    return float((moment - _epoch[1]).total_seconds())


def _find_datetime() -> None:
    global _datetime, _original
    if "datetime" in modules:
        _datetime, _original = modules["datetime"], modules["_datetime"].datetime
