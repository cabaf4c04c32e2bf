"""Retry strategies as objects, and one for each type of exception."""

import asyncio

from rebackoff.strategies import (
    AdaptiveRetry,
    ExponentialBackoff,
    ExponentialBackoffWithJitter,
    FixedBackoff,
    LinearBackoff,
    RetryStrategy,
    retry,
)


def tell(details):
    print(f"  {details['exception']}: waiting {details['wait']:.3f}s")


def flaky(*failures):
    left = iter(failures)

    async def call():
        for failure in left:
            raise failure
        return "done"

    return call


class Squares(RetryStrategy):
    """A strategy of one's own says how long to wait, and no more."""

    def get_delay(self, attempt):
        return attempt**2 / 100


async def main():
    for strategy in [
        FixedBackoff(delay=0.01),
        LinearBackoff(initial_delay=0.01, increment=0.02),
        ExponentialBackoff(initial_delay=0.01),
        ExponentialBackoffWithJitter(initial_delay=0.01, jitter_type="full"),
        ExponentialBackoffWithJitter(initial_delay=0.01, jitter_type="equal"),
        ExponentialBackoffWithJitter(initial_delay=0.01, jitter_type="decorrelated"),
        Squares(),
    ]:
        print(strategy)
        target = flaky(ConnectionError("first"), ConnectionError("second"))
        print(" ", await retry(strategy, on_backoff=tell)(target)())

    adaptive = AdaptiveRetry()
    adaptive.add_strategy(ConnectionError, ExponentialBackoff(max_attempts=5, initial_delay=0.01))
    adaptive.add_strategy(TimeoutError, FixedBackoff(max_attempts=3, delay=0.02))
    print("adaptive:", await adaptive.execute(flaky(ConnectionError(), TimeoutError())))
    try:
        await adaptive.execute(flaky(KeyError("unknown")))
    except KeyError as error:
        print("no strategy for", repr(error))


if __name__ == "__main__":
    asyncio.run(main())
