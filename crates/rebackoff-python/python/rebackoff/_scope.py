"""Enclosing calls and deadlines, as the calls inside them see them."""

from __future__ import annotations

from _contextvars import ContextVar  # `contextvars` imports more

from rebackoff._clock import clock
from rebackoff._mistakes import mistake
from rebackoff._seconds import checked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from rebackoff._typing import Seconds

_INFINITY = float("inf")
_MOST = 2**64 - 1


# A call that is running, or a deadline, with those that enclose it: [the enclosing scope, START, MAX_TIME, TRIES].
# Each call makes one, and a list costs less than an object of a class. Tasks may keep it for longer than the call
# lasts; once it has ended, it limits nothing any more.
Scope = list
# the scope around it
OUTER = 0
# the clock's reading at its start; None without a limit
START = 1
# the seconds after that, at which it ends; None without a limit
MAX_TIME = 2
# the number of the try that runs; 0 for a deadline; None at the end
TRIES = 3


# What has ended is passed over, so that a call which ends need not put the earlier value back. (A token
# cannot be reset in another context.)
_variable: ContextVar[Scope[Any] | None] = ContextVar("rebackoff", default=None)
get, put = _variable.get, _variable.set


def enter(scope: Scope[Any]) -> None:
    """Makes a call, or a deadline, visible to the code that runs next, until its `TRIES` are None.

    Its driver keeps the scope by then: a signal may raise between any two steps, and the driver ends what it keeps.
    The ended scopes around it are forgotten, so that a task that starts its successor inside a call,
    and so on, keeps no endless chain.
    """
    outer = get()
    while outer is not None and outer[TRIES] is None:
        outer = outer[OUTER]
    scope[OUTER] = outer
    put(scope)


def innermost() -> Scope[Any] | None:
    """The innermost call or deadline that has not ended."""
    scope = get()
    while scope is not None and scope[TRIES] is None:
        scope = scope[OUTER]
    return scope


def enclosing(scope: Scope[Any]) -> Scope[Any] | None:
    """The nearest scope around this one that has not ended."""
    outer: Scope[Any] | None = scope[OUTER]
    while outer is not None and outer[TRIES] is None:
        outer = scope[OUTER] = outer[OUTER]
    return outer


def remaining_in(scope: Scope[Any], now: float) -> float | None:
    """The seconds until the first of the deadlines of this scope and those around it; None without one."""
    least = _INFINITY
    for one in _chain(scope):
        if one[MAX_TIME] is not None:
            least = min(least, one[MAX_TIME] - (now - float(one[START] or 0.0)))
    return max(least, 0.0) if least < _INFINITY else None


def amplification(scope: Scope[Any]) -> int | None:
    """The try numbers of this call and those around it, multiplied; None where there is no call."""
    product = 0
    for one in _chain(scope):
        if one[TRIES]:
            product = min((product or 1) * one[TRIES], _MOST)
    return product or None


def _chain(scope: Scope[Any] | None) -> Iterator[Scope[Any]]:
    while scope is not None:
        if scope[TRIES] is not None:
            yield scope
        scope = enclosing(scope)


def remaining() -> float | None:
    """The seconds that are left to the code that runs now; None without a limit around it.

    The least of `max_time` - elapsed of each enclosing call, `timeout` - the time since it began of each
    enclosing try, and what is left of each `deadline()`.
    """
    scope = innermost()
    return None if scope is None else remaining_in(scope, float(clock()))


class deadline:
    """Inside `with` or `async with`, no retry waits for longer, nor tries again later, than in so many seconds.

        with rebackoff.deadline(30):
            order = fetch_order()
            rebackoff.remaining()  # what is left

    A call that is retried inside gives up as at its own `max_time`. What runs is not interrupted;
    for that, async targets have `timeout`. Of deadlines around each other, the first counts. Tasks
    and threads that are started inside with the context of their starter obey it, too.

    Args:
        seconds: From the start of the block: 0 or more, or a `timedelta`.
    """

    def __init__(self, seconds: Seconds) -> None:
        self._seconds = _limit(seconds)
        self._entered: dict[int, Scope[Any]] = {}

    def __enter__(self) -> deadline:
        scope: Scope[Any] = [None, float(clock()), self._seconds, 0]
        self._entered[id(scope)] = scope
        enter(scope)
        return self

    def __exit__(self, *error: object) -> None:
        # another task may have entered it since; another context may leave it
        own = next((id(one) for one in _chain(innermost()) if id(one) in self._entered), None)
        scope = self._entered.popitem()[1] if own is None else self._entered.pop(own)
        scope[TRIES] = None

    async def __aenter__(self) -> deadline:
        return self.__enter__()

    async def __aexit__(self, *error: object) -> None:
        self.__exit__(*error)


def _limit(seconds: Seconds) -> float:
    try:
        return checked("a deadline", seconds, "a number of seconds or a timedelta")
    except ValueError:
        rule = "0 seconds or more from now"
        raise mistake(ValueError, "a deadline", rule, seconds) from None
