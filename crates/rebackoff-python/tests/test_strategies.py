"""Retry strategies as objects."""

from __future__ import annotations

import asyncio
import dataclasses
import doctest
import itertools
import random
import time

import pytest
from rebackoff import strategies
from rebackoff.strategies import (
    AdaptiveRetry,
    ExponentialBackoff,
    ExponentialBackoffWithJitter,
    FixedBackoff,
    LinearBackoff,
    RetryStrategy,
    retry,
)


@pytest.fixture
def waits(monkeypatch):
    asked = []
    let_others_run = asyncio.sleep

    async def sleep(seconds, result=None):
        asked.append(seconds)
        await let_others_run(0)

    monkeypatch.setattr(time, "sleep", asked.append)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    return asked


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        (FixedBackoff(0.5, max_attempts=4), [0.5, 0.5, 0.5]),
        (FixedBackoff(max_attempts=4), [1, 1, 1]),
        (FixedBackoff(delay=90.0), [90, 90]),
        (LinearBackoff(max_attempts=5), [1, 2, 3, 4]),
        (LinearBackoff(initial_delay=2, increment=3, max_delay=7, max_attempts=5), [2, 5, 7, 7]),
        (ExponentialBackoff(max_attempts=5), [1, 2, 4, 8]),
        (ExponentialBackoff(base=3, initial_delay=0.1, max_attempts=4), [0.1, 0.1 * 3, 0.1 * 9]),
        (ExponentialBackoff(max_delay=3.0, max_attempts=5), [1, 2, 3, 3]),
        (FixedBackoff(max_attempts=1), []),
    ],
)
def test_a_strategy_waits_by_its_formula_and_ends_after_max_attempts(waits, strategy, expected):
    attempts = []

    @retry(strategy)
    def target():
        attempts.append(1)
        raise ConnectionError("down")

    for _ in range(2):
        waits.clear()
        with pytest.raises(ConnectionError, match="down"):
            target()
        assert waits == expected
    assert len(attempts) == 2 * strategy.max_attempts
    assert [strategy.get_delay(n + 1) for n in range(len(expected))] == expected


def test_an_asynchronous_target_is_retried_the_same_way(waits):
    outcomes = iter([ConnectionError(), ConnectionError(), "done"])

    @retry(ExponentialBackoff(max_attempts=5))
    async def target():
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    assert asyncio.run(target()) == "done"
    assert waits == [1, 2]


def test_exceptions_that_are_not_named_pass_through(waits):
    @retry(FixedBackoff(exceptions=(ConnectionError, TimeoutError)))
    def target():
        raise ValueError("not mine")

    with pytest.raises(ValueError, match="not mine"):
        target()
    assert waits == []


def test_one_exception_type_needs_no_tuple(waits):
    @retry(FixedBackoff(exceptions=ConnectionError))
    def target():
        raise ConnectionError("down")

    with pytest.raises(ConnectionError):
        target()
    assert waits == [1, 1]


def test_options_of_the_decorator_pass_through(waits):
    told = []

    @retry(FixedBackoff(max_attempts=3), on_backoff=told.append, giveup=lambda e: "no" in str(e))
    def target(message):
        raise ConnectionError(message)

    with pytest.raises(ConnectionError):
        target("down")
    assert [details["tries"] for details in told] == [1, 2]
    with pytest.raises(ConnectionError):
        target("no")
    assert len(waits) == 2


class TestJitter:
    @pytest.fixture(autouse=True)
    def seed(self):
        random.seed(7)

    @staticmethod
    def delays(strategy, calls=300):
        """For each attempt, its delays over many calls."""
        drawn = []
        for _ in range(calls):
            waits = strategy.waits()
            next(waits)
            drawn.append([waits.send(Exception()) for _ in range(strategy.max_attempts - 1)])
        return drawn

    def test_full_jitter_spreads_from_zero_to_the_exponential_delay(self):
        calls = self.delays(ExponentialBackoffWithJitter("full", max_attempts=5, max_delay=4.0))
        for limit, column in zip([1, 2, 4, 4], zip(*calls, strict=True), strict=True):
            assert all(0 <= delay <= limit for delay in column)
            assert min(column) < 0.1 * limit
            assert max(column) > 0.9 * limit

    def test_equal_jitter_keeps_half_of_the_delay(self):
        calls = self.delays(ExponentialBackoffWithJitter("equal", max_attempts=4))
        for limit, column in zip([1, 2, 4], zip(*calls, strict=True), strict=True):
            assert all(limit / 2 <= delay <= limit for delay in column)
            assert min(column) < 0.55 * limit
            assert max(column) > 0.95 * limit

    def test_decorrelated_jitter_grows_from_the_calls_own_last_delay(self):
        strategy = ExponentialBackoffWithJitter(
            "decorrelated", initial_delay=0.5, max_delay=20.0, max_attempts=12
        )
        calls = self.delays(strategy)
        for call in calls:
            assert all(0.5 <= delay <= 20 for delay in call)
            for previous, delay in itertools.pairwise([0.5, *call]):
                assert delay <= 3 * previous
        assert any(20 in call for call in calls)

    def test_decorrelated_jitter_starts_afresh_on_each_call(self, waits):
        strategy = ExponentialBackoffWithJitter(jitter_type="decorrelated", max_attempts=8)

        @retry(strategy)
        def target():
            raise ConnectionError

        for _ in range(50):
            waits.clear()
            with pytest.raises(ConnectionError):
                target()
            assert waits[0] <= 3, "the first delay never comes from an earlier call"

    @pytest.mark.parametrize("jitter_type", ["full", "equal", "decorrelated"])
    def test_get_delay_stays_within_the_bounds_of_its_attempt(self, jitter_type):
        strategy = ExponentialBackoffWithJitter(jitter_type=jitter_type, max_delay=5.0)
        assert all(0 <= strategy.get_delay(attempt) <= 5 for attempt in range(1, 50))

    def test_an_unknown_jitter_type_is_an_error_that_names_the_known_ones(self):
        with pytest.raises(
            ValueError, match="one of 'full', 'equal', 'decorrelated', but it is 'ful'"
        ):
            ExponentialBackoffWithJitter(jitter_type="ful")


class TestAStrategyOfOnesOwn:
    def test_get_delay_is_all_it_needs(self, waits):
        class Squares(RetryStrategy):
            def get_delay(self, attempt):
                return attempt**2

        @retry(Squares(max_attempts=4))
        def target():
            raise ConnectionError

        with pytest.raises(ConnectionError):
            target()
        assert waits == [1, 4, 9]

    def test_get_delay_can_build_on_that_of_a_strategy(self, waits):
        class Later(ExponentialBackoff):
            def __init__(self, extra, **options):
                super().__init__(**options)
                self.extra = extra

            def get_delay(self, attempt):
                return super().get_delay(attempt) + self.extra

        @retry(Later(10, max_attempts=4))
        def target():
            raise ConnectionError

        with pytest.raises(ConnectionError):
            target()
        assert waits == [11, 12, 14]

    def test_should_retry_is_asked_with_attempt_and_exception(self, waits):
        class Picky(FixedBackoff):
            def should_retry(self, attempt, exception):
                return super().should_retry(attempt, exception) and "busy" in str(exception)

        messages = iter(["busy", "busy", "broken"])

        @retry(Picky(max_attempts=9))
        def target():
            raise ConnectionError(next(messages))

        with pytest.raises(ConnectionError, match="broken"):
            target()
        assert waits == [1, 1]

    def test_the_base_says_what_is_missing(self, waits):
        @retry(RetryStrategy())
        def target():
            raise ConnectionError

        with pytest.raises(NotImplementedError, match="RetryStrategy does not define get_delay"):
            target()


class TestAdaptiveRetry:
    @pytest.fixture
    def adaptive(self):
        adaptive = AdaptiveRetry()
        adaptive.add_strategy(
            ConnectionError, ExponentialBackoff(max_attempts=5, initial_delay=0.1)
        )
        adaptive.add_strategy(OSError, FixedBackoff(max_attempts=3, delay=0.5))
        return adaptive

    @staticmethod
    def target(*outcomes):
        left = iter(outcomes)

        def target():
            outcome = next(left)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        return target

    def test_each_exception_is_retried_by_its_own_strategy(self, adaptive, waits):
        target = self.target(ConnectionError(), OSError(), ConnectionError(), "done")
        assert adaptive.execute(target) == "done"
        assert waits == [0.1, 0.5, 0.4]

    def test_the_first_match_in_order_of_addition_decides(self, waits):
        adaptive = AdaptiveRetry()
        adaptive.add_strategy(OSError, FixedBackoff(delay=9.0))
        adaptive.add_strategy(ConnectionError, FixedBackoff(delay=0.1))
        assert adaptive.execute(self.target(ConnectionError(), "done")) == "done"
        assert waits == [9]

    def test_attempts_are_counted_over_all_exceptions(self, adaptive, waits):
        target = self.target(ConnectionError(), ConnectionError(), OSError("third"), "too late")
        with pytest.raises(OSError, match="third"):
            adaptive.execute(target)
        assert waits == [0.1, 0.2]

    def test_an_exception_without_a_strategy_passes_through(self, adaptive, waits):
        with pytest.raises(ValueError, match="not mine"):
            adaptive.execute(self.target(ValueError("not mine")))
        assert AdaptiveRetry().execute(lambda: "done") == "done"
        assert waits == []

    def test_arguments_are_handed_to_the_target(self, adaptive):
        assert adaptive.execute(lambda a, *, b: (a, b), 1, b=2) == (1, 2)

    def test_an_asynchronous_target_is_awaited(self, adaptive, waits):
        outcomes = iter([ConnectionError(), OSError(), "done"])

        async def target(greeting):
            outcome = next(outcomes)
            if isinstance(outcome, Exception):
                raise outcome
            return greeting, outcome

        assert asyncio.run(adaptive.execute(target, "hello")) == ("hello", "done")
        assert waits == [0.1, 0.5]

    def test_calls_know_nothing_of_each_other(self, adaptive, waits):
        for _ in range(3):
            waits.clear()
            with pytest.raises(ConnectionError):
                adaptive.execute(self.target(*[ConnectionError() for _ in range(5)]))
            assert waits == pytest.approx([0.1, 0.2, 0.4, 0.8])


class TestValues:
    def test_a_strategy_cannot_be_changed(self):
        with pytest.raises(dataclasses.FrozenInstanceError):
            FixedBackoff().delay = 2.0

    def test_strategies_are_compared_by_value_and_print_their_parameters(self):
        strategy = ExponentialBackoff(base=3.0, max_attempts=7)
        assert strategy == ExponentialBackoff(max_attempts=7, base=3.0)
        assert strategy != ExponentialBackoff(base=2.0, max_attempts=7)
        assert "base=3.0" in repr(strategy)
        assert "max_attempts=7" in repr(strategy)

    @pytest.mark.parametrize("attempt", [1, 1_000, 100_000])
    def test_delays_never_overflow(self, attempt):
        assert ExponentialBackoff(max_delay=60.0).get_delay(attempt) == (60 if attempt > 1 else 1)
        assert ExponentialBackoff(initial_delay=0.0).get_delay(attempt) == 0
        assert LinearBackoff().get_delay(attempt) == min(60, attempt)

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"max_attempts": 0}, "max_attempts must be a whole number of at least 1, but it is 0"),
            ({"max_attempts": 2.5}, "max_attempts must be a whole number .*, but it is 2.5"),
            (
                {"delay": -1.0},
                "delay must be a finite number of seconds, 0 or more, but it is -1.0",
            ),
            ({"delay": "1"}, "delay must be a finite number .*, but it is '1'"),
            ({"delay": True}, "delay must be a finite number .*, but it is True"),
            ({"delay": float("inf")}, "delay must be a finite number .*, but it is inf"),
            ({"max_delay": float("nan")}, "max_delay must be a number of seconds.* nan"),
            ({"increment": -0.5}, "increment must be .* -0.5"),
            ({"initial_delay": -0.5}, "initial_delay must be .* -0.5"),
            ({"base": 0.0}, "base must be a finite number above 0, but it is 0.0"),
            ({"base": float("inf")}, "base must be .* inf"),
            ({"exceptions": OSError()}, "exceptions must be an exception class.* did you mean"),
            ({"exceptions": (5,)}, r"exceptions must be an exception class.*, but it is \(5,\)"),
        ],
    )
    def test_a_wrong_parameter_is_named_with_its_value(self, parameters, message):
        (name,) = parameters
        makes = {"increment": LinearBackoff, "base": ExponentialBackoff}
        make = makes.get(name, LinearBackoff if name == "initial_delay" else FixedBackoff)
        with pytest.raises((TypeError, ValueError), match=f"^{message}"):
            make(**parameters)

    def test_exceptions_come_in_lists(self):
        assert FixedBackoff(exceptions=[OSError]).should_retry(1, OSError())

    @pytest.mark.parametrize(
        "use", [retry, lambda five: AdaptiveRetry().add_strategy(OSError, five)]
    )
    def test_a_strategy_is_a_strategy(self, use):
        with pytest.raises(TypeError, match="^strategy must be a strategy of .*, but it is 5$"):
            use(5)

    def test_an_adaptive_retry_goes_by_exception_classes(self):
        with pytest.raises(TypeError, match="^exception_type must be an exception class.* 5$"):
            AdaptiveRetry().add_strategy(5, FixedBackoff())

    def test_attempts_are_counted_from_one(self):
        with pytest.raises(ValueError, match="attempt is 0, but attempts are counted from 1"):
            LinearBackoff().get_delay(0)


def test_the_examples_in_the_documentation_are_right():
    for module in (strategies._strategies, strategies._guarded):
        failed, run = doctest.testmod(module)
        assert run > 0
        assert failed == 0
