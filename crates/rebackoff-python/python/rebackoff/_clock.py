"""The clock of calls, looked up where programs and their tests patch it."""

from __future__ import annotations

import time
from sys import modules
from types import BuiltinMethodType

from rebackoff import _switches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _NotImported:
    """Stands for the module `datetime` until the program has imported it."""

    datetime: Any = None


_monotonic = time.monotonic
# the namespaces of `rebackoff._sync` and `rebackoff._async`, where programs patch `time` and `datetime`
_names: dict[str, Any] = {"time": time}
_awaited: dict[str, Any] = {}
# the module, once the program has imported it, and its own class: freezegun replaces it everywhere but in lists
_datetime: Any = _NotImported
_original: list[Any] = [None]
# of asyncio, once the program has imported it
_running_loop: Any = None
_loop_time: Any = None
# the number of modules at the last look at them
_looked_at = -1
_epoch: Any = None


def look_in(names: dict[str, Any]) -> None:
    """Sets the namespace whose `datetime`, and `time` where it has one, tell the time."""
    global _names, _awaited
    if "time" in names:
        _names = names
    else:
        _awaited = names


def clock(is_real: bool = False) -> Any:
    """Reads `time.monotonic`, or what tests put in its place: also a patched `datetime.datetime`, as backoff 2 did."""
    if _switches.moves or len(modules) != _looked_at:
        return _clock_of_tests(is_real)
    monotonic = _names["time"].monotonic
    if monotonic is not _monotonic:
        return monotonic()
    if _datetime.datetime is not _original[0] or "datetime" in _names or "datetime" in _awaited:
        return _clock_of_tests(is_real)
    loop = None if _running_loop is None else _running_loop()
    if loop is None or getattr(loop.time, "__func__", None) is _loop_time:
        return monotonic()
    return _clock_of_tests(is_real)


def _clock_of_tests(is_real: bool) -> Any:
    if _switches.moves and not is_real:
        return _switches.moved(clock)
    _look_at_modules()
    monotonic = _names["time"].monotonic
    if monotonic is not _monotonic:
        return monotonic()
    patched = _datetime
    if "datetime" in _names:
        patched = _names["datetime"]
    elif "datetime" in _awaited:
        patched = _awaited["datetime"]
    if patched.datetime is not _original[0]:
        return _calendar(patched.datetime)
    if "time_machine" in modules and modules["time_machine"].escape_hatch.is_travelling():
        return _calendar(_original[0])
    loop = None if _running_loop is None else _running_loop()
    if loop is not None:
        read = loop.time
        if getattr(read, "__func__", read) is _loop_time:
            return monotonic()
        # a compiled loop, such as uvloop, rounds the system's clock
        return monotonic() if isinstance(read, BuiltinMethodType) else read()
    if "trio" in modules:
        return _time_of_trio(modules["trio"].lowlevel)
    return monotonic()


def now() -> float:
    """The clock of budgets and breakers: `time.monotonic`, ahead by the waits that tests skipped."""
    if _switches.clock is not None:
        return _switches.clock.time()
    return float(time.monotonic()) + _switches.skipped


def _time_of_trio(lowlevel: Any) -> float:
    """The time of trio's clock where a test has given it one."""
    try:
        found = lowlevel.current_clock()
    except RuntimeError:  # no trio runs in this thread
        return _monotonic()
    is_system = type(found).__name__ == "SystemClock"
    return _monotonic() if is_system else float(found.current_time())


def _calendar(patched: Any) -> float:
    """Seconds since the first look at this patch, so that they are exact."""
    global _epoch
    moment = patched.now()
    if _epoch is None or _epoch[0] is not patched:
        _epoch = patched, moment
    return float((moment - _epoch[1]).total_seconds())


def _look_at_modules() -> None:
    """Finds the modules that tell the time in tests, where some were imported since the last look."""
    global _datetime, _running_loop, _loop_time, _looked_at
    count = len(modules)
    if _datetime is _NotImported and "datetime" in modules:
        _datetime = modules["datetime"]
        found = modules["_datetime"].datetime
        _original[0] = getattr(modules.get("freezegun.api"), "real_datetime", found)
    if _loop_time is None and "asyncio.base_events" in modules:
        asyncio = modules["asyncio.base_events"]
        _running_loop, _loop_time = (
            asyncio.events._get_running_loop,
            asyncio.BaseEventLoop.time,
        )
    # these two move without a patch, so that each reading asks them
    is_asked = "time_machine" in modules or "trio" in modules
    _looked_at = -1 if is_asked else count
