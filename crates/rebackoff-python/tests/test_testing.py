"""The aids for the tests of programs that retry."""

from __future__ import annotations

import asyncio

import pytest
import rebackoff
from rebackoff.testing import disabled, no_wait

pytest_plugins = ["pytester"]


def test_no_wait_does_not_sleep_and_gives_the_waits(flaky):
    call = rebackoff.on_exception(rebackoff.expo, ValueError, jitter=None)(flaky(3))
    with no_wait() as waits:
        assert call() == "done"
    assert waits == [1, 2, 4]


def test_no_wait_holds_for_async_calls(flaky):
    target = flaky(2)

    @rebackoff.on_exception(rebackoff.fibo, ValueError, jitter=None)
    async def call():
        return target()

    with no_wait() as waits:
        assert asyncio.run(call()) == "done"
    assert waits == [1, 1]


def test_the_waits_that_nobody_sleeps_pass_for_breakers_and_budgets(flaky):
    breaker = rebackoff.Breaker(consecutive=1, open_for=3599)
    budget = rebackoff.Budget.per_second(rate=0.001, capacity=1)
    retry = rebackoff.on_exception(
        rebackoff.constant, ValueError, interval=3600, jitter=None, breaker=breaker, budget=budget
    )
    target = flaky(3)
    with no_wait() as waits:
        assert retry(target)() == "done"
    assert (waits, target.calls) == ([3600] * 3, 4)
    assert (breaker.state, breaker.opened) == ("closed", 3)


def test_disabled_makes_the_first_failure_final(flaky):
    target, events = flaky(1), []
    call = rebackoff.on_exception(
        rebackoff.expo,
        ValueError,
        on_backoff=events.append,
        on_giveup=events.append,
        raise_on_giveup=False,
    )(target)
    with disabled(), pytest.raises(ValueError):
        call()
    assert target.calls == 1 and events == []


def test_disabled_gives_the_first_value_back():
    values = [None, 1]
    call = rebackoff.on_predicate(rebackoff.expo)(lambda: values.pop(0))
    with disabled():
        assert call() is None
    assert values == [1]


def test_the_switches_nest_and_come_back(flaky, sleeps):
    call = rebackoff.on_exception(rebackoff.expo, ValueError, jitter=None)
    with no_wait() as outer:
        with no_wait() as inner:
            call(flaky(1))()
            with disabled(), pytest.raises(ValueError):
                call(flaky(1))()
        call(flaky(2))()
    call(flaky(1))()
    assert (inner, outer, sleeps) == ([1], [1, 2], [1])


def test_the_fixtures_are_there_and_off_unless_asked_for(pytester):
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    pytester.makepyfile(
        """
        import pytest, rebackoff, time

        tries = []

        @rebackoff.on_exception(rebackoff.expo, ValueError, max_tries=3, jitter=None)
        def fail():
            tries.append(1)
            raise ValueError

        def test_no_wait(rebackoff_no_wait):
            with pytest.raises(ValueError):
                fail()
            assert rebackoff_no_wait == [1, 2]

        def test_disabled(rebackoff_disabled):
            tries.clear()
            with pytest.raises(ValueError):
                fail()
            assert len(tries) == 1

        def test_off(monkeypatch):
            slept = []
            monkeypatch.setattr(time, "sleep", slept.append)
            with pytest.raises(ValueError):
                fail()
            assert slept == [1, 2]
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=3)
