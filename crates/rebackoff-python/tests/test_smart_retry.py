"""`SmartRetry`, `CircuitBreaker`, `RetryBudget` and `BudgetedRetry`."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
import rebackoff
from rebackoff.strategies import (
    AdaptiveRetry,
    BudgetedRetry,
    CircuitBreaker,
    CircuitOpenError,
    ExponentialBackoff,
    FixedBackoff,
    RetryBudget,
    SmartRetry,
    retry,
)


@pytest.fixture
def clock(monkeypatch):
    """A clock that only waits move."""

    class Clock:
        now = 1000.0

    clock, let_others_run = Clock(), asyncio.sleep

    def sleep(seconds):
        clock.now += seconds

    async def async_sleep(seconds, result=None):
        clock.now += seconds
        await let_others_run(0)

    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(asyncio, "sleep", async_sleep)
    return clock


def blocking(smart, target):
    return smart.execute(target)


def awaited(smart, target):
    async def async_target():
        return target()

    async def main():
        return await smart.execute(async_target)

    return asyncio.run(main())


modes = pytest.mark.parametrize("run", [blocking, awaited])
THREE = FixedBackoff(2, max_attempts=3, exceptions=ConnectionError)


def hooks():
    """Hooks that keep what they are told, and that."""
    told = []
    return told, {
        name: lambda *what, name=name: told.append((name, *what))
        for name in ("on_retry", "on_failure", "on_success")
    }


@modes
def test_a_target_that_recovers_is_told_of_attempt_by_attempt(run, flaky, clock):
    told, told_by = hooks()
    error = ConnectionError("down")
    assert run(SmartRetry(THREE, **told_by), flaky(2, error)) == "done"
    assert told == [("on_retry", error, 1, 2), ("on_retry", error, 2, 2), ("on_success", 3, 4)]


@modes
def test_a_target_that_does_not_is_told_of_once_with_attempts_and_time(run, flaky, clock):
    told, told_by = hooks()
    error = ConnectionError("down")
    with pytest.raises(ConnectionError, match="down") as raised:
        run(SmartRetry(THREE, **told_by), flaky(9, error))
    assert raised.value is error
    assert told[2:] == [("on_failure", error, 3, 4)]


@modes
def test_async_hooks_are_awaited_and_refused_on_sync_functions(run, flaky, clock):
    told = []

    class Telling(SmartRetry):
        async def on_retry(self, error, attempt, delay):
            told.append((attempt, delay))

    smart = Telling(THREE)
    if run is awaited:
        assert run(smart, flaky(1, ConnectionError)) == "done"
        assert told == [(1, 2)]
    else:
        with pytest.raises(TypeError, match="async"):
            run(smart, flaky(1, ConnectionError))


@modes
def test_an_open_circuit_is_no_failure_and_no_hook_is_called(run, flaky, clock):
    told, told_by = hooks()
    circuit, target = CircuitBreaker(failure_threshold=1, timeout=30), flaky(0)
    circuit.record_failure()
    smart = SmartRetry(FixedBackoff(max_attempts=3), circuit, **told_by)
    clock.now += 10
    with pytest.raises(CircuitOpenError) as raised:
        run(smart, target)
    assert raised.value.retry_in == 20
    assert (target.calls, told, circuit.breaker.failures) == (0, [], 1)


@modes
def test_a_circuit_that_opens_in_a_call_gives_up_with_the_targets_error(run, flaky, clock):
    told, told_by = hooks()
    circuit, target = CircuitBreaker(failure_threshold=2), flaky(9, ConnectionError("down"))
    with pytest.raises(ConnectionError, match="down"):
        run(SmartRetry(THREE, circuit, **told_by), target)
    assert (target.calls, [name for name, *_ in told]) == (2, ["on_retry", "on_failure"])
    assert (circuit.is_open, circuit.should_attempt(), circuit.breaker.failures) == (True, False, 2)


@modes
def test_a_probe_closes_the_circuit(run, flaky, clock):
    circuit = CircuitBreaker(failure_threshold=1, timeout=30)
    circuit.record_failure()
    clock.now += 30
    assert not circuit.is_open
    assert run(SmartRetry(THREE, circuit), flaky(0)) == "done"
    assert circuit.breaker.state == "closed"


@modes
def test_a_breaker_of_the_package_serves_as_well_and_may_be_shared(run, flaky, clock):
    breaker = rebackoff.Breaker(consecutive=2)
    with pytest.raises(ConnectionError):
        run(SmartRetry(THREE, breaker), flaky(9, ConnectionError))
    with pytest.raises(CircuitOpenError):
        run(SmartRetry(THREE, CircuitBreaker(breaker=breaker)), flaky(0))


def test_recorded_successes_and_failures_count_and_an_open_circuit_takes_no_notice(clock):
    circuit = CircuitBreaker(failure_threshold=2, timeout=30)
    circuit.record_failure()
    circuit.record_success()
    circuit.record_failure()
    assert not circuit.is_open
    circuit.record_failure()
    circuit.record_success()
    assert circuit.is_open
    assert (circuit.breaker.failures, circuit.breaker.rejected) == (3, 0)
    clock.now += 30
    circuit.record_success()
    assert circuit.breaker.state == "closed"


@modes
def test_a_budgeted_strategy_retries_as_long_as_there_are_tokens(run, flaky, clock):
    budget, reasons = RetryBudget(tokens_per_second=0.001, max_tokens=3), []
    strategy = BudgetedRetry(ExponentialBackoff(max_attempts=3, initial_delay=0.01), budget)
    for _ in range(2):
        decorate = retry(strategy, on_giveup=lambda details: reasons.append(details["reason"]))
        target = flaky(9, ConnectionError("down"))
        with pytest.raises(ConnectionError, match="down"):
            decorate(target)()
    assert (reasons, target.calls) == (["max_tries", "budget"], 2)
    with pytest.raises(ConnectionError):
        run(SmartRetry(strategy), flaky(9, ConnectionError))
    assert budget.tokens < 1 and not budget.acquire()


def test_nothing_is_spent_on_an_attempt_that_is_not_made(flaky, clock):
    budget = RetryBudget()
    strategy = BudgetedRetry(FixedBackoff(max_attempts=1), budget)
    for options in ({}, {"giveup": lambda error: True}, {"max_tries": 5, "max_time": 0}):
        with pytest.raises(ConnectionError):
            retry(strategy, **options)(flaky(9, ConnectionError))()
    assert budget.tokens == 100


def test_a_budgeted_strategy_is_one_of_an_adaptive_retry(flaky, clock):
    budget, adaptive = RetryBudget(tokens_per_second=0.001, max_tokens=1), AdaptiveRetry()
    adaptive.add_strategy(ConnectionError, BudgetedRetry(THREE, budget))
    target = flaky(9, ConnectionError)
    with pytest.raises(ConnectionError):
        adaptive.execute(target)
    assert target.calls == 2


def test_time_fills_the_budget(clock):
    budget = RetryBudget(tokens_per_second=2, max_tokens=4)
    assert [budget.acquire() for _ in range(5)] == [True] * 4 + [False]
    clock.now += 1
    assert budget.tokens == 2
    assert repr(budget) == "RetryBudget(2, 4)"


def test_a_budgeted_strategy_shows_what_it_is_made_of_and_has_its_limits():
    strategy = BudgetedRetry(THREE, RetryBudget())
    assert (strategy.max_attempts, strategy.exceptions) == (3, ConnectionError)
    assert strategy.get_delay(2) == 2
    assert strategy.should_retry(1, ConnectionError()) and not strategy.should_retry(1, KeyError())
    assert repr(strategy).startswith("BudgetedRetry(strategy=FixedBackoff(")


def test_calls_of_one_smart_retry_know_nothing_of_each_other(clock):
    told, lock = [], threading.Lock()

    def tell(attempts, elapsed):
        with lock:
            told.append(attempts)

    smart = SmartRetry(FixedBackoff(0, max_attempts=9), on_success=tell)

    def fail(left):
        if left:
            left.pop()
            raise ConnectionError
        return "done"

    threads = [threading.Thread(target=smart.execute, args=(fail, [0] * n)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CircuitBreaker(failure_threshold=0), "failure_threshold must be at least 1"),
        (lambda: CircuitBreaker(failure_threshold=True), "failure_threshold must be a whole"),
        (lambda: CircuitBreaker(timeout="x"), "timeout must be a number of seconds"),
        (lambda: CircuitBreaker(breaker=5), "breaker must be a rebackoff.Breaker"),
        (lambda: RetryBudget(tokens_per_second=-1), "tokens_per_second must be from"),
        (lambda: RetryBudget(max_tokens=True), "max_tokens must be a whole number"),
        (lambda: BudgetedRetry(5, RetryBudget()), "strategy must be a strategy of .* 5$"),
        (lambda: BudgetedRetry(FixedBackoff(), 5), "budget must be a RetryBudget, but it is 5$"),
        (lambda: SmartRetry(5), "strategy must be a strategy of .* 5$"),
        (lambda: SmartRetry(FixedBackoff(), on_retry=5), "on_retry must be a function of .* 5$"),
        (lambda: SmartRetry(FixedBackoff(), on_success=ValueError), "on_success must be a fun"),
        (
            lambda: SmartRetry(FixedBackoff(), on_retry=lambda error: None),
            "on_retry must be .* 3 arguments$",
        ),
    ],
)
def test_a_wrong_parameter_is_named_as_the_program_named_it(make, message):
    with pytest.raises((TypeError, ValueError), match=f"^{message}"):
        make()


# The reference documents as written


def test_a_token_and_an_answer_can_be_awaited_as_well():
    budget = RetryBudget(tokens_per_second=1, max_tokens=2)
    strategy = BudgetedRetry(THREE, budget)
    error = ConnectionError()

    async def main():
        assert await budget.acquire() is True
        assert await strategy.should_retry(1, error) is True
        assert await strategy.should_retry(1, error) is False
        assert await budget.acquire() is False

    asyncio.run(main())
    assert not budget.acquire() and repr(budget.acquire()) == "False"
    assert budget.acquire() == False and not strategy.should_retry(1, error)  # noqa: E712


class Own:
    """A breaker of the program's own, which opens after so many failures."""

    def __init__(self, most=99, is_open=False):
        self.most, self.opened, self.records = most, is_open, []

    @property
    def is_open(self):
        return self.opened or self.records.count("failure") >= self.most

    def record_success(self):
        self.records.append("success")

    def record_failure(self):
        self.records.append("failure")


class AwaitedOwn(Own):
    """Its methods are awaited."""

    async def record_success(self):
        self.records.append("success")

    async def record_failure(self):
        self.records.append("failure")


def flaky(times):
    calls = []

    def target():
        calls.append(1)
        if len(calls) <= times:
            raise ConnectionError(len(calls))
        return "ok"

    return target, calls


@modes
def test_a_breaker_of_the_programs_own_hears_of_every_attempt(clock, run):
    own = AwaitedOwn() if run is awaited else Own()
    target, _ = flaky(2)
    assert run(SmartRetry(THREE, own), target) == "ok"
    assert own.records == ["failure", "failure", "success"]


@modes
def test_while_a_breaker_of_the_programs_own_is_open_the_target_is_not_called(clock, run):
    own = Own(is_open=True)
    target, calls = flaky(0)
    with pytest.raises(CircuitOpenError):
        run(SmartRetry(THREE, own), target)
    assert calls == [] and own.records == []


@modes
def test_a_breaker_of_the_programs_own_that_opens_ends_the_call_with_the_targets_error(clock, run):
    own = Own(most=2)
    target, calls = flaky(9)
    with pytest.raises(ConnectionError, match="2"):
        run(SmartRetry(FixedBackoff(2, max_attempts=9, exceptions=Exception), own), target)
    assert len(calls) == 2


@modes
def test_a_breaker_that_opens_during_a_wait_lets_no_attempt_through(clock, run):
    own = Own()
    target, calls = flaky(9)
    smart = SmartRetry(FixedBackoff(2, max_attempts=9), own)
    smart.on_retry = lambda *told: setattr(own, "opened", True)
    with pytest.raises(ConnectionError, match="1"):
        run(smart, target)
    assert len(calls) == 1


def test_a_breaker_that_is_awaited_is_an_error_beside_a_blocking_target():
    with pytest.raises(TypeError, match="record_success of circuit_breaker is async, but target"):
        SmartRetry(THREE, AwaitedOwn()).execute(flaky(0)[0])


def test_a_breaker_that_says_whether_it_is_open_when_it_is_awaited_is_an_error_at_once():
    class AwaitedAnswer(AwaitedOwn):
        async def is_open(self): ...

    with pytest.raises(TypeError, match="is_open of circuit_breaker must be a property"):
        SmartRetry(THREE, AwaitedAnswer())


def test_an_object_that_is_no_breaker_is_an_error_at_once():
    with pytest.raises(
        TypeError, match="must have is_open, record_success, record_failure, but 5 has no"
    ):
        SmartRetry(THREE, 5)
