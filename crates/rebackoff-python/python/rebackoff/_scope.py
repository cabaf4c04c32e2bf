"""Enclosing calls and deadlines, as the calls inside them see them."""

from __future__ import annotations

from _contextvars import ContextVar  # `contextvars` imports more

from rebackoff._clock import clock
from rebackoff._native import Scope
from rebackoff._seconds import checked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rebackoff._typing import Seconds

# What has ended is passed over, so that a call which ends need not put the earlier value back. (A token
# cannot be reset in another context.)
_variable: ContextVar[Scope | None] = ContextVar("rebackoff", default=None)
get, put = _variable.get, _variable.set


def innermost() -> Scope | None:
    """The innermost call or deadline that has not ended."""
    scope = get()
    return None if scope is None else scope.running()


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
        scope = Scope(get(), float(clock()), self._seconds, 0)
        put(scope)
        self._entered.append(scope)
        return self

    def __exit__(self, *error: object) -> None:
        self._entered.pop().end()

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
