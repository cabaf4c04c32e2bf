"""The clock of calls, looked up where programs and their tests patch it."""

from __future__ import annotations

import time
from sys import get_asyncgen_hooks, modules, version_info
from types import BuiltinMethodType

from rebackoff._switches import switches

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
# the class of the last loop whose time Python tells
_loop_class: Any = None
_epoch: Any = None


def look_in(module: str) -> None:
    """Makes `datetime`, and `time` where it has one, of this module tell the time."""
    global _names, _awaited
    names = vars(modules[module])
    if "time" in names:
        _names = names
    else:
        _awaited = names


def clock() -> Any:
    """Reads `time.monotonic`, or what tests put in its place: also a patched `datetime.datetime`, as backoff 2 did."""
    if len(modules) != switches.looked_at or _datetime.datetime is not _original[0]:
        return _clock_of_tests()
    loop = None if _running_loop is None else _running_loop()
    if loop is None:
        return time.monotonic()
    if type(loop) is _loop_class and time.monotonic is _monotonic:
        return loop.time()
    return _clock_of_tests()


if version_info >= (3, 12):
    task_clock = clock
else:

    def task_clock() -> Any:
        """`clock` for a task, without the system call by which CPython before 3.12 finds the running loop."""
        if len(modules) == switches.looked_at and _datetime.datetime is _original[0]:
            loop = getattr(get_asyncgen_hooks().firstiter, "__self__", None)
            if type(loop) is _loop_class and time.monotonic is _monotonic:
                return loop.time()
        return clock()


def _clock_of_tests() -> Any:
    return switches.moved(_real_clock) if switches.moves else _real_clock()


def _real_clock() -> Any:
    global _loop_class
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
        if isinstance(loop.time, BuiltinMethodType):
            return monotonic()  # a compiled loop, such as uvloop, rounds the system's clock
        _loop_class = type(loop)
        return loop.time()
    if "trio" in modules:
        return _time_of_trio(modules["trio"].lowlevel)
    return monotonic()


def now() -> float:
    """The clock of budgets and breakers: `time.monotonic`, ahead by the waits that tests skipped."""
    if switches.clock is not None:
        return switches.clock.time()
    if time.monotonic is _monotonic:
        return _monotonic() + switches.skipped
    return float(time.monotonic()) + switches.skipped


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
    global _datetime, _running_loop
    count = len(modules)
    if _datetime is _NotImported and "datetime" in modules:
        _datetime = modules["datetime"]
        found = modules["_datetime"].datetime
        _original[0] = getattr(modules.get("freezegun.api"), "real_datetime", found)
    if _running_loop is None and "asyncio.events" in modules:
        _running_loop = getattr(modules["asyncio.events"], "_get_running_loop", None)
    # these move without a patch of a class or function, so that each reading asks them
    is_asked = "time_machine" in modules or "trio" in modules or switches.moves
    is_asked = is_asked or "datetime" in _names or "datetime" in _awaited
    is_asked = is_asked or _names["time"] is not time
    switches.looked_at = -1 if is_asked else count
