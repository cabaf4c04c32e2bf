"""Budgets, as calls of every kind ask them."""

from __future__ import annotations

import asyncio
import time

import pytest
import rebackoff
from call_kinds import (
    fail,
    flavours,
    options_of,
    sync_exception,
)
from rebackoff import Breaker, Budget, Keyed


@flavours
def test_a_call_gives_up_when_the_budget_is_spent(flavour, flaky, clock):
    target, reasons = flaky(99), []
    budget = Budget.quota(capacity=15)
    call = flavour(
        target, budget=budget, on_giveup=lambda d: reasons.append((d["reason"], d["tries"]))
    )
    with pytest.raises(ValueError):
        call()
    assert target.calls == 4
    assert reasons == [("budget", 4)]
    assert (budget.tokens, budget.refused) == (0, 1)


@flavours
def test_a_success_gives_back_what_its_retry_took(flavour, flaky, clock):
    budget = Budget.quota(capacity=15)
    flavour(flaky(1), budget=budget)()
    assert budget.tokens == 15


@flavours
def test_calls_that_succeed_at_once_fill_a_quota(flavour, flaky, clock):
    budget = Budget.quota(capacity=15)
    with pytest.raises(ValueError):
        flavour(fail, budget=budget)()
    assert budget.tokens == 0
    for _ in range(3):
        flavour(flaky(0), budget=budget)()
    assert budget.tokens == 3


def test_the_prices_of_the_aws_sdks_are_by_class(clock):
    class ThrottlingException(ValueError): ...

    class TooManyRequests(ValueError):
        status_code = 429

    budget = Budget.aws()
    for error, left in ((ValueError, 486), (ThrottlingException, 481), (TooManyRequests, 476)):

        def target(error=error):
            raise error

        with pytest.raises(error):
            sync_exception(target, budget=budget, max_tries=2)()
        assert budget.tokens == left


def test_a_timeout_costs_more(clock):
    class ReadTimeout(ValueError): ...

    budget = Budget.quota()

    def target():
        raise ReadTimeout

    with pytest.raises(ReadTimeout):
        sync_exception(target, budget=budget, max_tries=2)()
    assert budget.tokens == 490


def test_a_retry_that_the_breaker_refuses_after_the_wait_is_paid_back(clock, flaky):
    budget, breaker = Budget.quota(), Breaker()

    @rebackoff.on_exception(
        rebackoff.constant,
        ValueError,
        budget=budget,
        breaker=breaker,
        on_backoff=lambda details: breaker.isolate(),
        **options_of({}),
    )
    def call():
        raise ValueError

    with pytest.raises(ValueError):
        call()
    assert budget.tokens == 500


@pytest.mark.parametrize("in_the_wait, left", [(True, 500), (False, 495)])
def test_a_call_that_is_cancelled_in_the_wait_is_paid_back(in_the_wait, left):
    budget = Budget.quota()

    async def main():
        waiting, trying = asyncio.Event(), asyncio.Event()
        tries = []

        @rebackoff.on_exception(
            rebackoff.constant,
            ValueError,
            budget=budget,
            on_backoff=lambda details: waiting.set(),
            interval=3600 if in_the_wait else 0,
            jitter=None,
            logger=None,
        )
        async def call():
            tries.append(None)
            if len(tries) == 1:
                raise ValueError
            trying.set()
            await asyncio.Event().wait()

        task = asyncio.ensure_future(call())
        await (waiting if in_the_wait else trying).wait()
        await asyncio.sleep(0)
        assert budget.tokens == 495
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert budget.tokens == left


def test_a_wait_that_is_interrupted_is_paid_back(clock, monkeypatch):
    budget = Budget.per_second(capacity=3)

    def interrupted(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupted)
    call = sync_exception(fail, budget=budget)
    with pytest.raises(KeyboardInterrupt):
        call()
    assert budget.tokens == 3


def test_a_withdrawal_is_given_back_by_hand(clock):
    budget = Budget.quota(capacity=10)
    paid = budget.withdraw(timeout=True)
    assert budget.tokens == 0
    budget.refund(paid)
    assert budget.tokens == 10


def test_a_throttle_counts_failures_and_successes(flaky, clock):
    budget = Budget.throttle(max_tokens=4, token_ratio=0.5)
    with pytest.raises(ValueError):
        sync_exception(fail, budget=budget)()
    assert (budget.tokens, budget.refused) == (2, 1)
    sync_exception(flaky(0), budget=budget)()
    assert budget.tokens == 2.5


def test_a_share_counts_calls(flaky, clock):
    budget = Budget.share(ratio=0.5, floor=0)
    for _ in range(4):
        sync_exception(flaky(0), budget=budget)()
    target = flaky(99)
    with pytest.raises(ValueError):
        sync_exception(target, budget=budget)()
    assert target.calls == 3


def test_time_fills_a_bucket(clock):
    budget = Budget.per_second(rate=2, capacity=3)
    assert [bool(budget.withdraw()) for _ in range(4)] == [True, True, True, False]
    clock.now += 1
    assert budget.tokens == 2


def test_a_dry_run_refuses_nothing_and_counts(flaky, clock):
    budget = Budget.quota(capacity=10, dry_run=True)
    assert sync_exception(flaky(3), budget=budget)() == "done"
    assert budget.dry_run
    assert budget.refused == 1


def test_nothing_is_spent_on_a_retry_that_another_limit_refuses(clock):
    budget = Budget.quota()
    with pytest.raises(ValueError):
        sync_exception(fail, budget=budget, max_tries=1)()
    with pytest.raises(ValueError):
        sync_exception(fail, budget=budget, giveup=lambda error: True)()
    assert budget.tokens == 500


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Budget.share(ratio=1.5), "ratio must be"),
        (lambda: Budget.per_second(rate=0), "rate must be"),
        (lambda: Budget.quota(capacity=0), "capacity must be"),
        (lambda: Budget.quota(capacity=-1), "capacity must be a whole number.*-1"),
        (lambda: Budget.throttle(token_ratio=0), "token_ratio must be"),
        (lambda: Breaker(probes=0), "probes must be"),
        (lambda: Breaker(open_for=-1), "open_for must be"),
        (lambda: Breaker(failure_rate=2), "failure_rate must be"),
        (lambda: Breaker(jitter="some"), "jitter must be"),
        (lambda: Keyed(Breaker, capacity=0), "capacity must be"),
    ],
)
def test_a_wrong_parameter_is_an_error_that_names_it(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_parameters_of_another_type_are_errors():
    for make in (
        lambda: Budget.quota(capacity="many"),
        lambda: Breaker(slow_rate=0.5),
        lambda: sync_exception(fail, budget=9),
        lambda: sync_exception(fail, breaker="open"),
        lambda: sync_exception(fail, breaker=Budget.quota()),
        lambda: sync_exception(fail, counts=True, breaker=Breaker()),
        lambda: Keyed(Breaker, capacity=1.5),
        Budget,
    ):
        with pytest.raises(TypeError):
            make()
