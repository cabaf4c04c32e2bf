"""What is measured, and how many times less than backoff 2.2.1 rebackoff must cost."""

import dataclasses

RETRIES = 50


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    title: str
    must: dict  # CPython version -> least ratio
    calls: int
    retries: int = 0
    overhead: bool = True  # whether the cost of the bare target is taken off
    is_async: bool = False
    most: float = 0  # of a row that the peers do not have: the most that a call may cost, in ns

    def ratio(self, version):
        return self.must.get(version, self.must["3.11"])


ROWS = (
    Row("success", "sync success, one argument: overhead", {"3.11": 18}, 1500),
    Row("limited", "sync success with max_tries and max_time: overhead", {"3.11": 5}, 1500),
    Row("on_success", "sync success with an on_success handler: overhead", {"3.11": 3}, 1500),
    Row("async_success", "async success: overhead", {"3.11": 8}, 1500, is_async=True),
    Row(
        "retry_logged",
        "per retry, default logging: whole cost",
        {"3.11": 8},
        10,
        retries=RETRIES,
        overhead=False,
    ),
    Row("retry_quiet", "per retry, logger=None: overhead", {"3.11": 3}, 10, retries=RETRIES),
    Row("context", "retry_context, one success", {}, 500, overhead=False, most=4500),
    Row("decorating", "decorating a function", {}, 500, overhead=False, most=10_000),
    Row("async_limited", "async success with max_time", {}, 1500, is_async=True, most=800),
    Row("async_told", "async success with on_backoff", {}, 1500, is_async=True, most=400),
    Row("giving_up", "give up after 3 tries, logger=None", {}, 300, overhead=False, most=4000),
    Row("budget", "sync success with a budget: overhead", {}, 1500, most=1000),
    Row("breaker", "sync success with a breaker: overhead", {}, 1500, most=1000),
    Row("guarded", "sync success with both: overhead", {}, 1500, most=1000),
    Row("async_guarded", "async success with both: overhead", {}, 1500, is_async=True, most=1000),
)
IMPORT_RATIO = 5
