"""Enclosing calls and deadlines, as the calls inside them see them."""

from __future__ import annotations

from _contextvars import ContextVar  # `contextvars` imports more

from rebackoff._clock import clock
from rebackoff._seconds import checked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from rebackoff._typing import Seconds

_INFINITY = float("inf")
_MOST = 2**64 - 1


class Scope:
    """A call that is running, or a deadline, with those that enclose it.

    Tasks may keep it for longer than the call lasts; once it has ended, it limits nothing any more.

    start: the clock's reading at its start; None without a limit.
    max_time: the seconds after that, at which it ends; None without a limit.
    tries: the number of the try that runs; 0 for a deadline; None at the end.
    """

    __slots__ = ("_outer", "max_time", "start", "tries")
    _outer: Scope | None
    max_time: float | None
    start: float | None
    tries: int | None

    def outer(self) -> Scope | None:
        """The nearest enclosing scope that has not ended."""
        outer = self._outer
        while outer is not None and outer.tries is None:
            outer = self._outer = outer._outer
        return outer

    def remaining(self, now: float) -> float | None:
        """The seconds until the first of the deadlines; None without one."""
        least = _INFINITY
        for scope in self._chain():
            if scope.max_time is not None:
                least = min(least, scope.max_time - (now - float(scope.start or 0.0)))
        return max(least, 0.0) if least < _INFINITY else None

    def amplification(self) -> int | None:
        """The try numbers of the enclosing calls, multiplied; None where there is no call."""
        product = 0
        for scope in self._chain():
            if scope.tries:
                product = min((product or 1) * scope.tries, _MOST)
        return product or None

    def _chain(self) -> Iterator[Scope]:
        scope: Scope | None = self
        while scope is not None:
            if scope.tries is not None:
                yield scope
            scope = scope.outer()


# What has ended is passed over, so that a call which ends need not put the earlier value back. (A token
# cannot be reset in another context.)
_variable: ContextVar[Scope | None] = ContextVar("rebackoff", default=None)
get, put = _variable.get, _variable.set


def enter(start: float | None, max_time: float | None, tries: int = 1) -> Scope:
    """Makes a call, or a deadline, visible to the code that runs next. Returns its scope, to be ended by `tries = None`.

    The ended scopes around it are forgotten, so that a task that starts its successor inside a call,
    and so on, keeps no endless chain.
    """
    outer = get()
    while outer is not None and outer.tries is None:
        outer = outer._outer
    # a constructor costs more than all of this
    scope = Scope()
    scope._outer = outer
    scope.start = start
    scope.max_time = max_time
    scope.tries = tries
    put(scope)
    return scope


def innermost() -> Scope | None:
    """The innermost call or deadline that has not ended."""
    scope = get()
    while scope is not None and scope.tries is None:
        scope = scope._outer
    return scope


def remaining() -> float | None:
    """The seconds that are left to the code that runs now; None without a limit around it.

    The least of `max_time` - elapsed of each enclosing call, `timeout` - the time since it began of each
    enclosing try, and what is left of each `deadline()`.
    """
    scope = innermost()
    return None if scope is None else scope.remaining(float(clock()))


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
        self._entered: list[Scope] = []

    def __enter__(self) -> deadline:
        self._entered.append(enter(float(clock()), self._seconds, 0))
        return self

    def __exit__(self, *error: object) -> None:
        self._entered.pop().tries = None

    async def __aenter__(self) -> deadline:
        return self.__enter__()

    async def __aexit__(self, *error: object) -> None:
        self.__exit__(*error)


def _limit(seconds: Seconds) -> float:
    try:
        return checked("a deadline", seconds, "a number of seconds or a timedelta")
    except ValueError:
        rule = "0 seconds or more from now"
        raise ValueError(f"a deadline must be {rule}, but it is {seconds!r}") from None
