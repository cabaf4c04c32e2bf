"""The aids for the tests of programs that retry."""

from __future__ import annotations

import asyncio
import inspect
from datetime import timedelta

import pytest
import rebackoff
from rebackoff.testing import disabled, no_jitter, no_wait, virtual_clock

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


def test_skipped_waits_pass_for_breakers_and_budgets(flaky):
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


@pytest.mark.parametrize("jitter", [None, rebackoff.full_jitter])
def test_skipped_waits_count_as_elapsed(flaky, jitter):
    elapsed = []
    call = rebackoff.on_exception(
        rebackoff.expo(max_value=10),
        ValueError,
        max_time=30,
        jitter=jitter,
        on_giveup=lambda details: elapsed.append(details["elapsed"]),
    )(flaky(10**9))
    with no_wait() as waits, pytest.raises(ValueError):
        call()
    assert sum(waits) == pytest.approx(30, abs=1) and elapsed == [pytest.approx(30, abs=1)]


def test_skipped_waits_count_for_an_enclosing_call_and_a_deadline(flaky):
    inner = rebackoff.on_exception(rebackoff.constant(7), ValueError, jitter=None)(flaky(10**9))
    outer = rebackoff.on_exception(rebackoff.constant(7), KeyError, max_time=20)(inner)
    for call in (outer, inner):
        with no_wait() as waits, pytest.raises(ValueError), rebackoff.deadline(20):
            call()
        assert waits == [7, 7, pytest.approx(6, abs=1)]


def test_the_waits_of_one_task_do_not_pass_for_another():
    @rebackoff.on_exception(rebackoff.constant(7), ValueError, max_time=20, jitter=None)
    async def fail():
        await asyncio.sleep(0)
        raise ValueError

    async def main():
        return await asyncio.gather(*[fail() for _ in range(5)], return_exceptions=True)

    with no_wait() as waits:
        assert len(asyncio.run(main())) == 5
    assert len(waits) == 15


def test_the_virtual_clock_moves_by_waits_and_by_hand(flaky):
    details = []
    with virtual_clock() as clock:

        def target():
            clock.advance(5)
            raise ValueError

        with pytest.raises(ValueError):
            rebackoff.on_exception(
                rebackoff.expo, ValueError, jitter=None, max_time=20, on_giveup=details.append
            )(target)()
        with rebackoff.deadline(60):
            clock.advance(timedelta(seconds=20))
            assert rebackoff.remaining() == 40
    assert clock.waits == [1, 2, 2] and details[0]["elapsed"] == 25
    with pytest.raises(ValueError, match="by must be a number of seconds"):
        clock.advance(-1)


def test_budgets_and_breakers_follow_the_virtual_clock():
    breaker = rebackoff.Breaker(open_for=30)
    budget = rebackoff.Budget.per_second(rate=1, capacity=5)
    with virtual_clock() as clock:
        breaker.force_open()
        while budget.withdraw():
            pass
        assert (breaker.state, budget.tokens) == ("open", 0)
        clock.advance(30)
        assert (breaker.state, budget.tokens) == ("half_open", 5)
        breaker.force_open()
    assert breaker.state == "open"


def test_no_jitter_leaves_the_waits_of_the_strategy(flaky, sleeps):
    call = rebackoff.on_exception(rebackoff.expo, ValueError, hint=lambda error: 3)
    with no_jitter():
        assert call(flaky(4))() == "done"
    assert sleeps == [3, 3, 4, 8]


@pytest.mark.parametrize("first", [1, 3, 8, 9, 11])
def test_a_switch_that_comes_on_between_two_tries_leaves_the_place_in_the_schedule(sleeps, first):
    tries = []

    @rebackoff.on_exception(rebackoff.fibo, ValueError, jitter=None, max_tries=14)
    def call():
        tries.append(1)
        if len(tries) == first:
            aid.__enter__()
        elif len(tries) == first + 2:
            aid.__exit__(None, None, None)
        raise ValueError

    aid = no_jitter()
    with pytest.raises(ValueError):
        call()
    assert sleeps == [1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233]


AIDS = {"no_wait": no_wait, "virtual_clock": virtual_clock}
aids = pytest.mark.parametrize("aid", AIDS.values(), ids=AIDS)


@aids
def test_an_aid_decorates_functions_of_every_kind(aid, flaky):
    call = rebackoff.on_exception(rebackoff.constant(3600), ValueError, jitter=None)(flaky(4))

    @aid()
    def blocking():
        return call()

    @aid()
    async def awaited():
        await asyncio.sleep(0)
        return call()

    @aid()
    def items():
        yield call()

    @aid()
    async def async_items():
        yield call()

    async def first():
        return [item async for item in async_items()]

    assert inspect.iscoroutinefunction(awaited)
    for give in (blocking, lambda: asyncio.run(awaited()), lambda: list(items())):
        assert give() in ("done", ["done"])
        call = rebackoff.on_exception(rebackoff.constant(3600), ValueError)(flaky(4))
    assert asyncio.run(first()) == ["done"]


@aids
def test_an_aid_passes_on_what_an_async_generator_gets(aid):
    got = []

    @aid()
    async def items():
        try:
            got.append((yield 1))
            yield 2
        except KeyError as error:
            got.append(error)
            yield 3
        finally:
            got.append("closed")

    async def main():
        generator, error = items(), KeyError()
        assert await generator.__anext__() == 1
        assert await generator.asend("sent") == 2
        assert await generator.athrow(error) == 3
        await generator.aclose()
        assert got == ["sent", error, "closed"]

    asyncio.run(main())


@aids
def test_an_aid_decorates_what_a_static_or_class_method_holds(aid):
    class Case:
        @aid()
        @staticmethod
        def one(number):
            return number

        @aid()
        @classmethod
        def two(cls, number):
            return cls, number

    assert Case.one(1) == Case().one(1) == 1
    assert Case.two(2) == Case().two(2) == (Case, 2)


@aids
def test_an_aid_refuses_a_class(aid):
    class TestFetch: ...

    with pytest.raises(TypeError, match="usefixtures"):
        aid()(TestFetch)


@aids
def test_aids_can_be_left_in_any_order(aid, flaky, sleeps):
    call = rebackoff.on_exception(rebackoff.expo, ValueError, jitter=None)
    first, second = aid(), aid()
    with first:
        second.__enter__()
    call(flaky(2))()
    assert sleeps == []
    second.__exit__(None, None, None)
    call(flaky(2))()
    assert sleeps == [1, 2]


@aids
def test_an_aid_can_be_entered_again_and_by_async_with(aid, flaky):
    call = rebackoff.on_exception(rebackoff.constant(3600), ValueError)
    entered = aid()

    async def main():
        async with entered, entered:
            return call(flaky(3))()

    with entered:
        assert call(flaky(3))() == "done"
    assert asyncio.run(main()) == "done"


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

        def test_no_jitter(rebackoff_no_wait, rebackoff_no_jitter):
            for attempt in rebackoff.retry_context(ValueError, max_tries=3, raise_on_giveup=False):
                with attempt:
                    raise ValueError
            assert rebackoff_no_wait == [1, 2]

        def test_clock(rebackoff_clock):
            with pytest.raises(ValueError):
                fail()
            assert rebackoff_clock.elapsed == 3

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
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=5)
