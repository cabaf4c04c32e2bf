"""Presets and strategies keep the type of what they decorate. Read by mypy --strict and pyright, and never run."""

from __future__ import annotations

from datetime import timedelta
from threading import Event

import rebackoff
from rebackoff import http
from rebackoff.presets import (
    RateLimitError,
    http_retry,
    poll_until_ready,
    rate_limit_retry,
    retry_on_exception,
    retry_on_predicate,
    transient_retry,
)
from rebackoff.strategies import (
    AdaptiveRetry,
    BudgetedRetry,
    CircuitBreaker,
    ExponentialBackoffWithJitter,
    FixedBackoff,
    OwnBreaker,
    RetryBudget,
    RetryStrategy,
    SmartRetry,
    retry,
)
from typing_extensions import assert_type


@http_retry(max_tries=None, max_time=timedelta(minutes=1))
def fetch(url: str) -> bytes:
    return url.encode()


@rate_limit_retry(max_tries=lambda: 3)
async def search(words: str) -> list[str]:
    raise RateLimitError(retry_after=len(words))


@retry_on_exception(ValueError, OSError, jitter=rebackoff.equal_jitter, factor=0.5)
@retry_on_predicate(lambda found: not found, jitter=None)
@transient_retry(interval=timedelta(seconds=1))
def count(text: str) -> int:
    return len(text)


@retry(ExponentialBackoffWithJitter("equal", max_attempts=5), max_time=60)
async def load(number: int) -> str:
    return str(number)


class Squares(RetryStrategy):
    def get_delay(self, attempt: int) -> float:
        return attempt**2


assert_type(fetch("/"), bytes)
assert_type(count("text"), int)
assert_type(poll_until_ready(lambda: "ready"), str)
adaptive = AdaptiveRetry()
adaptive.add_strategy(OSError, Squares(exceptions=OSError))
assert_type(adaptive.execute(fetch, "/"), bytes)


class Telling(SmartRetry):
    async def on_retry(self, error: BaseException, attempt: int, delay: float) -> None: ...

    def on_success(self, attempts: int, elapsed: float) -> None: ...


smart = Telling(BudgetedRetry(FixedBackoff(), RetryBudget()), CircuitBreaker(timeout=30))
assert_type(smart.execute(fetch, "/"), bytes)
assert_type(
    SmartRetry(FixedBackoff(), rebackoff.Breaker(), on_failure=print).execute(count, "x"), int
)
assert_type(smart.circuit_breaker, CircuitBreaker | rebackoff.Breaker | OwnBreaker | None)


@rebackoff.on_exception(
    rebackoff.expo, http.errors(), giveup=http.is_final, hint=http.hint, max_tries=3
)
def get(url: str) -> bytes:
    return url.encode()


@rebackoff.on_predicate(rebackoff.expo, http.is_transient, hint=http.hint)
async def post(url: str) -> int:
    return len(url)


@http_retry(cancelled_by=Event(), reset_after=5, groups=True, policy_for=None, name="stock")
def stock(item: str) -> int:
    return len(item)


assert_type(get("/"), bytes)
assert_type(stock("pen"), int)


async def main() -> None:
    assert_type(await search("words"), list[str])
    assert_type(await load(3), str)
    assert_type(await adaptive.execute(load, 3), str)
    assert_type(await smart.execute(load, 3), str)
    assert_type(await post("/"), int)


fetch(1)  # type: ignore[arg-type]
smart.execute(fetch, 1)  # type: ignore[arg-type]
SmartRetry(FixedBackoff(), on_rety=print)  # type: ignore[call-arg]
adaptive.execute(fetch, 1)  # type: ignore[arg-type]
http_retry(max_trys=3)  # type: ignore[call-overload]
FixedBackoff(dely=3)  # type: ignore[call-arg]
