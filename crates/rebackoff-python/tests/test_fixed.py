"""The faults of backoff that this package lacks. COMPARE.md has a line for each."""

from __future__ import annotations

import asyncio
import functools
import logging
import random
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from unittest import mock

import pytest
import rebackoff


@pytest.mark.parametrize("wrong", [0, -1])
def test_max_tries_below_one_is_an_error_at_decoration(wrong):
    with pytest.raises(
        ValueError,
        match=f"max_tries must be a whole number of at least 1, or None for no limit, but it is {wrong}",
    ):
        rebackoff.on_exception(rebackoff.expo, ValueError, max_tries=wrong)


@pytest.mark.parametrize("wrong", [2.0, "3"])
def test_max_tries_that_is_no_whole_number_is_an_error_at_decoration(wrong):
    with pytest.raises(TypeError, match="max_tries must be a whole number"):
        rebackoff.on_predicate(rebackoff.expo, max_tries=wrong)


def test_max_tries_from_a_callable_is_checked_at_the_call(flaky):
    call = rebackoff.on_exception(rebackoff.expo, ValueError, max_tries=lambda: 0)(flaky(0))
    with pytest.raises(ValueError, match="max_tries"):
        call()


def test_max_time_that_is_text_is_an_error_at_decoration():
    with pytest.raises(TypeError, match="max_time must be a number of seconds.*'60'"):
        rebackoff.on_exception(rebackoff.expo, ValueError, max_time="60")


def test_a_type_error_inside_a_callable_option_comes_through(flaky):
    def broken():
        return len(5)

    call = rebackoff.on_exception(rebackoff.expo, ValueError, max_tries=broken)(flaky(0))
    with pytest.raises(TypeError, match="len"):
        call()


def test_a_type_error_inside_the_jitter_comes_through(flaky, sleeps):
    def broken(wait):
        return wait + "s"

    with pytest.raises(TypeError, match="unsupported operand"):
        rebackoff.on_exception(rebackoff.expo, ValueError, jitter=broken)(flaky(1))()


@pytest.mark.parametrize(
    ("options", "suggestion"),
    [
        ({"max_trys": 3}, "max_tries"),
        ({"factr": 2}, "factor"),
        ({"on_backof": print}, "on_backoff"),
    ],
)
def test_a_misspelt_option_is_an_error_at_decoration_that_suggests_the_right_one(
    options, suggestion
):
    with pytest.raises(
        TypeError, match=f"there is no option '{next(iter(options))}'; did you mean '{suggestion}'"
    ):
        rebackoff.on_exception(rebackoff.expo, ValueError, **options)


def test_an_option_that_a_users_wait_generator_does_not_take_is_an_error_at_decoration():
    def waits(first):
        yield first

    with pytest.raises(TypeError, match="there is no option 'frist'"):
        rebackoff.on_exception(waits, ValueError, frist=1)
    with pytest.raises(TypeError, match="missing a required argument: 'first'"):
        rebackoff.on_exception(waits, ValueError)


def test_a_decorator_that_is_used_twice_logs_once(caplog, flaky, sleeps):
    decorate = rebackoff.on_exception(rebackoff.expo, ValueError)
    decorate(flaky(0))
    with caplog.at_level(logging.INFO):
        decorate(flaky(1))()
    assert len(caplog.records) == 1


def test_partials_and_callable_objects_can_be_decorated_and_are_named_in_the_log(
    caplog, flaky, sleeps
):
    def target(fail):
        if fail:
            raise ValueError

    decorate = rebackoff.on_exception(
        rebackoff.constant, ValueError, interval=[1], raise_on_giveup=False
    )
    with caplog.at_level(logging.INFO):
        assert decorate(functools.partial(target, True))() is None
        assert decorate(flaky(1))() == "done"
    assert [record.args[0] for record in caplog.records] == ["target", "target", "Flaky"]


def test_exception_notes_do_not_replace_the_message_in_the_log(caplog, flaky, sleeps):
    error = ValueError("out of reach")
    error.__notes__ = ["try the other door"]
    with caplog.at_level(logging.INFO):
        rebackoff.on_exception(rebackoff.expo, ValueError)(flaky(1, error))()
    assert caplog.records[0].args[2] == "ValueError: out of reach"


def test_raise_on_giveup_false_holds_when_the_intervals_run_out(flaky, sleeps):
    call = rebackoff.on_exception(
        rebackoff.constant, ValueError, interval=[1, 2], raise_on_giveup=False
    )(flaky(5))
    assert call() is None
    assert len(sleeps) == 2


@pytest.mark.parametrize(
    "strategy",
    [rebackoff.expo(), rebackoff.expo(factor=0.5), rebackoff.expo(base=1.7), rebackoff.fibo()],
)
def test_exponential_strategies_never_overflow(strategy, flaky, sleeps):
    call = rebackoff.on_exception(strategy, ValueError, logger=None)(flaky(3000))
    assert call() == "done"
    assert max(sleeps) <= 9_223_372_036


def test_the_details_of_on_giveup_have_the_reason(flaky, sleeps):
    reasons = []

    def give_up(**options):
        options.setdefault("wait_gen", rebackoff.expo)
        call = rebackoff.on_exception(
            exception=ValueError,
            on_giveup=lambda d: reasons.append(d["reason"]),
            raise_on_giveup=False,
            **options,
        )(flaky(9))
        call()

    give_up(max_tries=2)
    give_up(max_time=0)
    give_up(giveup=lambda error: True)
    give_up(wait_gen=rebackoff.constant, interval=[])
    give_up(max_time=5, hint=lambda error: 6)
    assert reasons == ["max_tries", "max_time", "giveup", "exhausted", "hint"]


def test_details_of_on_giveup_equal_those_of_backoff(flaky):
    seen = []
    target = flaky(1)
    call = rebackoff.on_exception(
        rebackoff.expo, ValueError, max_tries=1, on_giveup=seen.append, raise_on_giveup=False
    )(target)
    call(1, a=2)
    [details] = seen
    expected = {
        "target": target,
        "args": (1,),
        "kwargs": {"a": 2},
        "tries": 1,
        "elapsed": details["elapsed"],
        "exception": details["exception"],
    }
    assert details == expected and expected == details and not details != expected
    assert details != {**expected, "tries": 2}
    assert details["reason"] == details.get("reason") == "max_tries" and "reason" in details
    assert dict(details) == {**details} == details.copy() == dict(details.items()) == expected
    assert list(details) == list(details.keys()) == list(expected) and len(details) == len(expected)
    views = (details, details.keys(), details.items(), details.values())
    assert [len(list(reversed(view))) for view in views] == [len(expected)] * 4
    assert details.keys().isdisjoint({"reason"})
    assert details.popitem() == ("exception", expected["exception"])
    assert "exception" not in details and details["reason"] == "max_tries"


@pytest.mark.parametrize(
    ("strategy", "first"),
    [
        (rebackoff.constant(timedelta(minutes=1)), 60),
        (rebackoff.constant([timedelta(seconds=5)]), 5),
        (rebackoff.expo(factor=timedelta(milliseconds=500)), 0.5),
        (rebackoff.expo(factor=8, max_value=timedelta(seconds=3)), 3),
        (rebackoff.linear(timedelta(seconds=2)), 2),
        (rebackoff.decay(timedelta(seconds=2)), 2),
        (rebackoff.runtime(value=lambda error: timedelta(seconds=7)), 7),
    ],
)
def test_a_timedelta_is_accepted_wherever_seconds_are(strategy, first, flaky, sleeps):
    rebackoff.on_exception(strategy, ValueError, jitter=None)(flaky(1))()
    assert sleeps == [first]


class Number:
    """A number as some libraries have them: it becomes a float, and does not go with floats."""

    def __float__(self):
        return 0.5


def waits_of(number):
    """A wait generator function of a program's own."""

    def own():
        yield
        while True:
            yield number

    return own


@pytest.mark.parametrize("number", [Decimal("0.5"), Fraction(1, 2), Number()], ids=repr)
@pytest.mark.parametrize(
    "strategy",
    [
        lambda number: rebackoff.constant(number),
        lambda number: rebackoff.constant([number, number]),
        lambda number: rebackoff.expo(base=2.5, factor=number),
        lambda number: rebackoff.runtime(value=lambda error: number),
        waits_of,
    ],
)
@pytest.mark.parametrize("jitter", [None, rebackoff.full_jitter, rebackoff.random_jitter])
def test_a_wait_is_any_number_and_what_sleeps_gets_a_float(
    number, strategy, jitter, flaky, sleeps, monkeypatch
):
    monkeypatch.setattr(random, "random", lambda: 1.0)
    monkeypatch.setattr(random, "uniform", lambda low, high: low + (high - low) * 1.0)
    fails = flaky(1)

    @rebackoff.on_exception(strategy(number), ValueError, jitter=jitter)
    async def call():
        return fails()

    rebackoff.on_exception(strategy(number), ValueError, jitter=jitter)(flaky(1))()
    asyncio.run(call())
    assert sleeps == [1.5 if jitter is rebackoff.random_jitter else 0.5] * 2
    assert {type(wait) for wait in sleeps} == {float}


def test_max_time_may_be_a_timedelta(flaky, sleeps):
    call = rebackoff.on_exception(
        rebackoff.constant, ValueError, interval=100, jitter=None, max_time=timedelta(seconds=2)
    )(flaky(1))
    call()
    assert 1 < sleeps[0] <= 2


def test_a_negative_wait_is_an_error_that_names_its_source(flaky, sleeps):
    def moody():
        yield
        yield -1

    def below_zero(wait):
        return -wait

    for options, source in (
        ({"wait_gen": moody, "jitter": None}, r"moody\(\) gave -1"),
        (
            {"wait_gen": rebackoff.constant(iter([-3])), "jitter": None},
            r"constant\(\) gave -3",
        ),
        (
            {"wait_gen": rebackoff.expo, "jitter": below_zero},
            "the jitter <function .*below_zero.* gave -1",
        ),
    ):
        with pytest.raises(
            ValueError, match=f"a wait must be a number of seconds, 0 or more, but .*{source}"
        ):
            rebackoff.on_exception(exception=ValueError, **options)(flaky(1))()
    assert sleeps == []


def test_async_predicates_and_async_jitter_are_awaited(sleeps):
    values = [1, 2, 3]

    async def is_small(value):
        return value < 3

    async def half(wait):
        return wait / 2

    @rebackoff.on_predicate(rebackoff.constant, is_small, interval=4, jitter=half)
    async def poll():
        return values.pop(0)

    assert asyncio.run(poll()) == 3
    assert sleeps == [2, 2]


def test_a_predicate_that_gives_a_coroutine_is_awaited_though_it_is_not_async_itself(sleeps):
    async def is_none(value):
        return value is None

    @rebackoff.on_predicate(rebackoff.expo, lambda value: is_none(value))
    async def poll():
        return 0

    assert asyncio.run(poll()) == 0


async def _nothing(*_):
    pass


@pytest.mark.parametrize(
    "option", ["giveup", "jitter", "on_try", "on_success", "on_backoff", "on_giveup"]
)
def test_an_async_function_on_a_blocking_target_is_an_error_at_decoration(option, flaky):
    decorate = rebackoff.on_exception(rebackoff.expo, ValueError, **{option: _nothing})
    with pytest.raises(TypeError, match=rf"{option} is async, but Flaky\(\) is not"):
        decorate(flaky(0))


def test_objects_with_an_async_call_are_retried(sleeps):
    class Client:
        calls = 0

        async def __call__(self):
            self.calls += 1
            if self.calls < 3:
                raise ValueError
            return self.calls

    assert asyncio.run(rebackoff.on_exception(rebackoff.expo, ValueError)(Client())()) == 3


def test_a_configured_generator_starts_afresh_on_each_call(flaky, sleeps):
    configured = rebackoff.expo(base=3, factor=2)
    decorate = rebackoff.on_exception(configured, ValueError, jitter=None)
    decorate(flaky(3))()
    decorate(flaky(2))()
    assert sleeps == [2, 6, 18, 2, 6]
    assert next(configured) is None and next(configured) == 2


def test_a_strategy_that_a_function_gives_to_every_call_starts_afresh(flaky, sleeps):
    waits = rebackoff.expo(base=3)
    for _ in range(2):
        rebackoff.on_exception(lambda: waits, ValueError, jitter=None)(flaky(2))()
    assert sleeps == [1, 3, 1, 3]


def test_a_handler_that_can_be_iterated_is_called(flaky, sleeps):
    handler = mock.MagicMock()
    rebackoff.on_exception(rebackoff.expo, ValueError, on_backoff=handler)(flaky(2))()
    assert handler.call_count == 2


def test_a_configured_generator_does_not_take_options_once_more():
    with pytest.raises(
        TypeError, match=r"expo\(base=2, factor=1, max_value=None\) is configured already.*base"
    ):
        rebackoff.on_exception(rebackoff.expo(), ValueError, base=3)


def test_what_gives_no_waits_is_an_error_at_decoration():
    with pytest.raises(TypeError, match="wait_gen must be a generator function.*5"):
        rebackoff.on_exception(5, ValueError)


def test_importing_sets_no_logger_level():
    assert logging.getLogger("backoff").level == logging.NOTSET


def test_equal_jitter_stays_in_the_upper_half():
    random.seed(1)
    draws = [rebackoff.equal_jitter(4) for _ in range(200)]
    assert 2 <= min(draws) < 2.2 and 3.8 < max(draws) <= 4


@pytest.mark.parametrize("jitter", [rebackoff.full_jitter, None])
def test_a_runtime_value_of_none_gives_up(flaky, sleeps, jitter):
    reasons, target = [], flaky(9)
    call = rebackoff.on_exception(
        rebackoff.runtime,
        ValueError,
        value=lambda error: 1 if target.calls < 3 else None,
        jitter=jitter,
        on_giveup=lambda details: reasons.append(details["reason"]),
    )(target)
    with pytest.raises(ValueError):
        call()
    assert (len(sleeps), reasons) == (2, ["exhausted"])


def test_a_runtime_generator_ends_at_none():
    waits = rebackoff.runtime(value=lambda outcome: outcome)
    waits.send(None)
    assert waits.send(5) == 5
    with pytest.raises(StopIteration):
        waits.send(None)
