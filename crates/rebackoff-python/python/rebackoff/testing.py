"""Aids for the tests of programs that retry.

Each is a context manager, for `with` and `async with`, and a decorator of functions of every kind. The
switches hold for the whole process, whatever thread or task calls; they nest. With pytest, the
fixtures `rebackoff_disabled`, `rebackoff_no_wait`, `rebackoff_no_jitter` and `rebackoff_clock` hold
for one test.
"""

from __future__ import annotations

import functools
import math
import operator
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from rebackoff import _clock
from rebackoff._callables import is_async, is_async_generator, is_generator
from rebackoff._mistakes import mistake
from rebackoff._seconds import checked
from rebackoff._switches import switches

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager

    from rebackoff._typing import Seconds

__all__ = ["Aid", "VirtualClock", "disabled", "no_jitter", "no_wait", "virtual_clock"]

_Given = TypeVar("_Given")
_Function = TypeVar("_Function", bound="Callable[..., Any]")


class Aid(Generic[_Given]):
    """A context manager that can be entered many times, and that decorates functions of every kind."""

    def __init__(self, make: Callable[[], AbstractContextManager[_Given]]) -> None:
        self._make = make
        self._entered: list[AbstractContextManager[_Given]] = []

    def __enter__(self) -> _Given:
        manager = self._make()
        given = manager.__enter__()
        self._entered.append(manager)
        return given

    def __exit__(self, *error: Any) -> None:
        self._entered.pop().__exit__(*error)

    async def __aenter__(self) -> _Given:
        return self.__enter__()

    async def __aexit__(self, *error: Any) -> None:
        self.__exit__(*error)

    def __call__(self, function: _Function) -> _Function:
        if isinstance(function, staticmethod | classmethod):
            return type(function)(self(function.__func__))
        if isinstance(function, type):
            advice = "; for a class of tests there are the fixtures, by pytest.mark.usefixtures"
            raise mistake(TypeError, "a decorated target", "a function", function, advice)
        return functools.wraps(function)(_inside(self._make, function))  # type: ignore[return-value]


def _inside(make: Callable[[], Any], function: Any) -> Callable[..., Any]:
    if is_async(function):

        async def awaited(*args: Any, **kwargs: Any) -> Any:
            with make():
                return await function(*args, **kwargs)

        return awaited
    if is_async_generator(function):

        async def async_items(*args: Any, **kwargs: Any) -> Any:
            with make():
                generator = function(*args, **kwargs)
                try:
                    item = await generator.__anext__()
                    while True:
                        try:
                            sent = yield item
                        except GeneratorExit:
                            raise
                        except BaseException as error:
                            item = await generator.athrow(error)
                        else:
                            item = await generator.asend(sent)
                except StopAsyncIteration:
                    return
                finally:
                    await generator.aclose()

        return async_items
    if is_generator(function):

        def items(*args: Any, **kwargs: Any) -> Any:
            with make():
                return (yield from function(*args, **kwargs))

        return items

    def called(*args: Any, **kwargs: Any) -> Any:
        with make():
            return function(*args, **kwargs)

    return called


def disabled() -> Aid[None]:
    """Makes every failure final: the target is called once, and its error or value comes back.

    with rebackoff.testing.disabled():
        with pytest.raises(ConnectionError):
            fetch(url)
    """
    return Aid(functools.partial(_switched, None, is_disabled=True))


def no_jitter() -> Aid[None]:
    """Leaves out the jitter of every call, so that waits are those of the strategy.

    Waits that are random without a jitter, as those of `decorrelated`, stay random. Hints are not spread.
    """
    return Aid(functools.partial(_switched, None, has_no_jitter=True))


def no_wait() -> Aid[list[float]]:
    """Skips the waits of every call; gives the list of the waits in their order.

    A wait that is skipped has passed all the same: for `max_time`, `elapsed` and deadlines of the task or
    thread that skips it, and for every budget and breaker. Their clock stays ahead when the block is left. Guards of a host
    or a fleet keep their clock.

    with rebackoff.testing.no_wait() as waits:
        fetch(url)
    assert len(waits) == 2
    """

    def skip_waits() -> AbstractContextManager[list[float]]:
        waits: list[float] = []
        return _switched(waits, waits=waits, clock=None)

    return Aid(skip_waits)


class VirtualClock:
    """The clock inside `virtual_clock()`: it stands still, but for the waits of calls and `advance`."""

    def __init__(self) -> None:
        self._start = self._now = float(math.ceil(_clock.now()))
        self.waits: list[float] = []

    @property
    def elapsed(self) -> float:
        """The seconds since the block was entered."""
        return self._now - self._start

    def advance(self, by: Seconds) -> None:
        """Moves the clock on by so many seconds, as a slow target does."""
        self._now += checked("by", by, "a number of seconds, 0 or more, or a timedelta")

    def time(self) -> float:
        """The reading that calls, deadlines, budgets and breakers take."""
        return self._now


def virtual_clock() -> Aid[VirtualClock]:
    """Replaces the clock of every call, deadline, budget and breaker by one that stands still.

    Each wait moves it on at once and is recorded; `advance` moves it on by hand, as a slow target does.
    Calls of several tasks share it, so their waits add up. `time.sleep` and `asyncio.sleep` of the program
    itself, and the `timeout` of a try, keep the real clock. Afterwards, budgets and breakers are ahead of
    the real clock, by the time that passed in the block. Guards of a host or a fleet keep their clock.

    with rebackoff.testing.virtual_clock() as clock, rebackoff.testing.no_jitter():
        fetch(url)  # fails twice
        clock.advance(30)
    assert clock.waits == [1, 2] and clock.elapsed == 33
    """
    return Aid(_virtual)


@contextmanager
def _virtual() -> Generator[VirtualClock, None, None]:
    clock = VirtualClock()
    with _switched(clock, waits=clock.waits, clock=clock):
        yield clock
    # budgets and breakers know instants of this clock: theirs does not go back
    switches.skipped += clock.elapsed + 1


# the switches of the aids that are entered: tasks and threads leave theirs in any order
_entered: list[dict[str, Any]] = []
_changing = threading.Lock()
_OFF = {"is_disabled": False, "has_no_jitter": False, "waits": None, "clock": None}


@contextmanager
def _switched(given: _Given, **values: Any) -> Generator[_Given, None, None]:
    with _changing:
        _entered.append(values)
        switches.switch(**values)
    try:
        yield given
    finally:
        with _changing:
            _entered[:] = [one for one in _entered if one is not values]
            switches.switch(**functools.reduce(operator.or_, _entered, _OFF))
