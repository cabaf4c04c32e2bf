"""Deadlines that all retries inside obey."""

from __future__ import annotations

from rebackoff._native import Scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rebackoff._typing import Seconds

__all__ = ["deadline"]


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
        self._seconds = seconds
        self._scopes: list[Scope] = []
        Scope(seconds)  # what is wrong is wrong already here

    def __enter__(self) -> deadline:
        scope = Scope(self._seconds)
        scope.enter()
        self._scopes.append(scope)
        return self

    def __exit__(self, *error: object) -> None:
        self._scopes.pop().leave()

    async def __aenter__(self) -> deadline:
        return self.__enter__()

    async def __aexit__(self, *error: object) -> None:
        self.__exit__(*error)
