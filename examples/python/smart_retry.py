"""SmartRetry: a strategy, a circuit breaker that calls share, a budget for retries, and hooks."""

import asyncio

from rebackoff.strategies import (
    BudgetedRetry,
    CircuitBreaker,
    CircuitOpenError,
    ExponentialBackoff,
    RetryBudget,
    SmartRetry,
)


class Telling(SmartRetry):
    """Hooks may be methods, and async."""

    async def on_retry(self, error, attempt, delay):
        print(f"  attempt {attempt} failed ({error}), the next in {delay:.2f} s")

    def on_success(self, attempts, elapsed):
        print(f"  done after {attempts} attempts")

    def on_failure(self, error, attempts, elapsed):
        print(f"  gave up after {attempts} attempts ({error})")


def flaky(*failures):
    left = iter(failures)

    async def call():
        for failure in left:
            raise failure
        return "page"

    return call


async def main():
    # all calls together may retry so often
    budget = RetryBudget(tokens_per_second=1, max_tokens=3)
    patience = ExponentialBackoff(max_attempts=5, initial_delay=0.01)
    circuit = CircuitBreaker(failure_threshold=4, timeout=0.2)
    smart = Telling(BudgetedRetry(patience, budget), circuit)

    print(await smart.execute(flaky(ConnectionError("reset"), ConnectionError("reset"))))
    try:
        await smart.execute(flaky(*[ConnectionError("refused")] * 5))
    except ConnectionError as error:
        print("the budget is spent:", repr(error))

    circuit.record_failure()  # another client has seen it down
    circuit.record_failure()
    try:
        await smart.execute(flaky())
    except CircuitOpenError as error:
        print(f"no call was made; the next probe in {error.retry_in:.1f} s at most")
    await asyncio.sleep(0.25)
    print(await smart.execute(flaky()))
    print("closed again:", not circuit.is_open)


if __name__ == "__main__":
    asyncio.run(main())
