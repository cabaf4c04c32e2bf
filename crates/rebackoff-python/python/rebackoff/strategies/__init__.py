"""Retry strategies as objects: when to try again and how long to wait before it.

    @retry(ExponentialBackoffWithJitter(max_attempts=5, jitter_type="full"))
    async def fetch(url): ...

A strategy is an immutable value that any number of functions, threads and tasks may share; what
belongs to a call lives in that call. An attempt is what the rest of the package calls a try: the
first call of the target is attempt 1. All delays are in seconds.
"""

from __future__ import annotations

from rebackoff._breaker import CircuitOpenError
from rebackoff.strategies._guarded import (
    BudgetedRetry,
    CircuitBreaker,
    OwnBreaker,
    RetryBudget,
    SmartRetry,
)
from rebackoff.strategies._strategies import (
    AdaptiveRetry,
    ExponentialBackoff,
    ExponentialBackoffWithJitter,
    FixedBackoff,
    LinearBackoff,
    RetryStrategy,
    retry,
)

__all__ = [
    "AdaptiveRetry",
    "BudgetedRetry",
    "CircuitBreaker",
    "CircuitOpenError",
    "ExponentialBackoff",
    "ExponentialBackoffWithJitter",
    "FixedBackoff",
    "LinearBackoff",
    "OwnBreaker",
    "RetryBudget",
    "RetryStrategy",
    "SmartRetry",
    "retry",
]
