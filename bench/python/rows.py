"""The rows, and the bar of each: how many times less than backoff 2.2.1 it must cost, or the most that it may."""

import dataclasses

RETRIES = 50


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    title: str
    calls: int
    retries: int = 0
    overhead: bool = True  # whether the cost of the bare target is taken off
    is_async: bool = False
    ratio: float = 0  # least ratio to backoff 2.2.1
    most: float = 0  # in microseconds, where the row has no ratio
    not_yet: tuple = ()  # the versions of CPython on which the bar is not reached, so that it does not fail
    behind: str = ""  # why another library is ahead

    def is_enforced(self, version):
        return version not in self.not_yet


BOTH = ("3.11", "3.13")
UNSEEN_LIMIT = "the inner calls of the other do not see the limit"

ROWS = (
    Row("success", "sync success, one argument: overhead", 1500, ratio=18, not_yet=("3.13",)),
    Row(
        "limited",
        "sync success with max_tries and max_time: overhead",
        1500,
        ratio=5,
        not_yet=BOTH,
        behind=UNSEEN_LIMIT,
    ),
    Row(
        "on_success",
        "sync success with an on_success handler: overhead",
        1500,
        ratio=3,
        not_yet=("3.13",),
    ),
    Row("async_success", "async success: overhead", 1500, is_async=True, ratio=8),
    Row(
        "retry_quiet",
        "per retry, logger=None: overhead",
        10,
        retries=RETRIES,
        ratio=3,
    ),
    Row(
        "retry_logged",
        "per retry, default logging: whole cost",
        10,
        retries=RETRIES,
        overhead=False,
        ratio=8,
    ),
    Row("context", "retry_context, one success", 500, overhead=False, most=4.5),
    Row(
        "decorating",
        "decorating a function",
        500,
        overhead=False,
        most=10,
        behind="options are checked when a function is decorated, not at its first failure",
    ),
    Row(
        "async_limited",
        "async success with max_time",
        1500,
        is_async=True,
        most=0.8,
        behind=UNSEEN_LIMIT,
    ),
    Row("async_on_backoff", "async success with on_backoff", 1500, is_async=True, most=0.4),
    Row("async_on_giveup", "async success with on_giveup", 1500, is_async=True, most=0.4),
    Row("giving_up", "give up after 3 tries, logger=None", 300, overhead=False, most=4),
    Row("budget", "sync success with a budget: overhead", 1500, most=0.8),
    Row("breaker", "sync success with a breaker: overhead", 1500, most=0.8),
    Row("exporter", "sync success with an exporter: overhead", 1500, most=1, not_yet=("3.13",)),
    Row("guarded", "sync success with both: overhead", 1500, most=0.8),
)
IMPORT_RATIO = 5
DECORATED_RATIO = 4
MOST_BYTES = 1000
BYTES_BEHIND = "it can be pickled, and has `retry_with`"
