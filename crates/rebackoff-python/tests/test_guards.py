"""Guards that calls, threads and event loops share."""

from __future__ import annotations

import asyncio
import threading

import pytest
import rebackoff
from call_kinds import (
    async_exception,
    fail,
    sync_exception,
)
from rebackoff import Breaker, Budget, CircuitOpenError, Keyed


def test_a_breaker_is_shared_by_sync_and_async_calls_and_by_threads(clock):
    breaker = Breaker(consecutive=4)
    sync_exception(fail, breaker=breaker, max_tries=1, raise_on_giveup=False)()
    async_exception(fail, breaker=breaker, max_tries=1, raise_on_giveup=False)()
    call = sync_exception(fail, breaker=breaker, max_tries=1, raise_on_giveup=False)
    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (breaker.state, breaker.failures) == ("open", 4)


def test_guards_are_shared_by_event_loops_threads_and_blocking_calls():
    budget, breaker = Budget.quota(capacity=100, retry_cost=1), Breaker(consecutive=100_000)
    options = {"budget": budget, "breaker": breaker, "interval": 0, "raise_on_giveup": False}
    tries, reasons = [], []

    def fail_and_count():
        tries.append(1)
        raise ValueError

    def blocking():
        call = sync_exception(fail_and_count, on_giveup=giveup, **options)
        for _ in range(20):
            call()

    def looping():
        async def target():
            await asyncio.sleep(0)
            fail_and_count()

        async def main():
            call = sync_exception(target, on_giveup=giveup, **options)
            await asyncio.gather(*(call() for _ in range(20)))

        asyncio.run(main())

    def giveup(details):
        reasons.append(details["reason"])

    threads = [threading.Thread(target=run) for run in (blocking, looping) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reasons == ["budget"] * 120
    assert len(tries) == 220  # of 120 calls and 100 retries
    assert (budget.tokens, budget.refused, breaker.failures) == (0, 120, 220)


def test_threads_spend_no_more_than_there_is():
    budget, taken = Budget.quota(capacity=1000, retry_cost=1), []

    def spend():
        taken.append(sum(budget.withdraw() is not None for _ in range(500)))

    threads = [threading.Thread(target=spend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == 1000


def test_each_key_has_a_guard_of_its_own(clock):
    breakers = Keyed(lambda: Breaker(consecutive=1))

    @rebackoff.on_exception(
        rebackoff.constant,
        ValueError,
        interval=1,
        logger=None,
        breaker=lambda host, **_: breakers[host],
        raise_on_giveup=False,
    )
    def fetch(host, port=80):
        raise ValueError

    fetch("a", port=81)
    assert breakers["a"].state == "open"
    assert breakers["b"].state == "closed"
    with pytest.raises(CircuitOpenError):
        fetch("a")


def test_a_function_may_give_no_guard(flaky, clock):
    assert sync_exception(flaky(1), breaker=lambda: None, budget=lambda: None)() == "done"
    with pytest.raises(TypeError, match=r"breaker must be a rebackoff\.Breaker"):
        sync_exception(flaky(0), breaker=lambda: "open")()


def test_the_key_that_was_least_recently_used_goes_first():
    budgets = Keyed(Budget.quota, capacity=2)
    a, b = budgets["a"], budgets["b"]
    assert budgets["a"] is a
    budgets["c"]
    assert (len(budgets), "a" in budgets, "b" in budgets) == (2, True, False)
    assert budgets["b"] is not b
    assert repr(budgets) == "<Keyed 2 of 2>"


def test_guards_show_what_they_are(clock):
    assert repr(Budget.share(ratio=0.1)) == "<Budget 10% of calls + 10/s>"
    assert repr(Breaker()) == "<Breaker opens after 5 failures in a row, for 30s: closed>"
