"""Calls by a policy, outcomes, other options for one call, policies by error, and waits that end early."""

from __future__ import annotations

import asyncio
import logging

import pytest
import rebackoff
import rebackoff.http
from rebackoff import Outcome, Policy
from rebackoff.strategies import AdaptiveRetry, FixedBackoff, SmartRetry
from targets import THREE, awaited, flaky

# retry() and outcomes


def test_retry_calls_the_function_with_its_arguments(waits):
    target, calls = flaky(2)
    assert rebackoff.retry(THREE, target, 7, key=8) == "ok"
    assert calls == [((7,), {"key": 8})] * 3 and waits == [3, 3]


def test_aretry_awaits_the_coroutine_function(waits):
    target, calls = flaky(2)
    assert asyncio.run(rebackoff.aretry(THREE, awaited(target), 7)) == "ok"
    assert len(calls) == 3 and waits == [3, 3]


def test_an_argument_of_the_function_may_have_any_name(waits):
    names = {"policy": 1, "function": 2, "target": 3, "self": 4, "error": 5}
    target, calls = flaky(1)
    rebackoff.retry(THREE, target, **names)
    asyncio.run(rebackoff.aretry(THREE, awaited(target), **names))
    SmartRetry(FixedBackoff()).execute(target, **names)
    AdaptiveRetry().execute(target, **names)
    assert calls == [((), names)] * 5


def test_each_of_the_two_names_the_other():
    with pytest.raises(TypeError, match=r"await aretry\(\)"):
        rebackoff.retry(THREE, awaited(print))
    with pytest.raises(TypeError, match=r"there is retry\(\)"):
        asyncio.run(rebackoff.aretry(THREE, print))


@pytest.mark.parametrize("wrong", ["expo", 5, None, {"wait": "expo"}])
def test_what_is_no_policy_is_named_as_such(wrong):
    with pytest.raises(TypeError, match="policy must be a Policy"):
        rebackoff.retry(wrong, print)
    with pytest.raises(TypeError, match="policy must be a Policy"):
        asyncio.run(rebackoff.aretry(wrong, awaited(print)))
    with pytest.raises(TypeError, match="function must be callable, but it is 'print'"):
        rebackoff.retry(THREE, "print")


def test_a_decorated_function_is_called_with_other_options(waits):
    target, calls = flaky(9)
    decorated = rebackoff.on_exception(THREE, OSError)(target)
    with pytest.raises(OSError):
        decorated.retry_with(max_tries=2)()
    assert len(calls) == 2
    with pytest.raises(OSError):
        decorated.retry_with(wait_gen=rebackoff.constant(1), exception=KeyError)()
    assert len(calls) == 3
    with pytest.raises(OSError):
        decorated()
    assert len(calls) == 6
    with pytest.raises(TypeError, match="max_trys"):
        decorated.retry_with(max_trys=2)


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize(("times", "reason"), [(0, None), (2, None), (9, "max_tries")])
def test_an_outcome_tells_result_or_error_tries_and_reason(waits, is_async, times, reason):
    target, _ = flaky(times)
    decorated = rebackoff.on_exception(THREE, OSError)(awaited(target) if is_async else target)
    outcome = asyncio.run(decorated.outcome()) if is_async else decorated.outcome()
    assert isinstance(outcome, Outcome) and outcome.reason == reason
    assert outcome.tries == min(times, 2) + 1 and outcome.elapsed >= 3 * (outcome.tries - 1)
    assert outcome.is_success == (times < 9)
    if times < 9:
        assert outcome.unwrap() == outcome.result == "ok" and outcome.error is None
    else:
        with pytest.raises(OSError):
            outcome.unwrap()


def test_an_outcome_of_an_error_that_is_not_retried_has_no_reason():
    target, _ = flaky(9, KeyError)
    outcome = rebackoff.on_exception(THREE, OSError)(target).outcome()
    assert type(outcome.error) is KeyError and (outcome.tries, outcome.reason) == (1, None)


def test_an_outcome_of_a_value_keeps_the_last_one(waits):
    outcome = rebackoff.on_predicate(THREE)(lambda: 0).outcome()
    assert (outcome.result, outcome.tries, outcome.reason) == (0, 3, "max_tries")
    assert not outcome.is_success and "reason='max_tries'" in repr(outcome)


# Options by error


def test_the_policy_of_the_errors_class_sets_waits_and_limits(waits):
    errors = [TimeoutError, ConnectionError, TimeoutError, ConnectionError, TimeoutError]

    @rebackoff.on_exception(
        rebackoff.constant(1),
        OSError,
        jitter=None,
        max_tries=9,
        policy_for={TimeoutError: Policy("linear", start=10, step=1, jitter="none", max_tries=5)},
    )
    def fetch():
        raise errors.pop(0)

    with pytest.raises(TimeoutError):
        fetch()
    assert waits == [10, 1, 11, 1] and errors == []


@pytest.mark.parametrize("wrong", [5, {OSError: 5}, {5: THREE}])
def test_a_wrong_policy_for_is_an_error_at_decoration(wrong):
    with pytest.raises(TypeError):
        rebackoff.on_exception(rebackoff.expo, OSError, policy_for=wrong)


# Attempts


def test_attempts_tell_number_elapsed_and_next_wait(waits):
    seen = []
    for attempt in rebackoff.retry_context(OSError, THREE):
        with attempt:
            seen.append(attempt)
            assert attempt.number == len(seen) and attempt.next_wait is None
            assert attempt.elapsed >= 3 * (attempt.number - 1)
            if attempt.number < 3:
                raise OSError
    assert [attempt.next_wait for attempt in seen] == [3, 3, None]


def test_async_attempts_tell_number_and_next_wait(waits):
    async def main():
        seen = []
        async for attempt in rebackoff.aretry_context(OSError, THREE):
            with attempt:
                seen.append(attempt)
                if attempt.number < 3:
                    raise OSError
        return [(attempt.number, attempt.next_wait) for attempt in seen]

    assert asyncio.run(main()) == [(1, 3), (2, 3), (3, None)]


def test_a_retry_context_that_is_used_twice_starts_afresh(waits):
    context = rebackoff.retry_context(OSError, THREE)
    for _ in range(2):
        tries = 0
        with pytest.raises(OSError):
            for attempt in context:
                with attempt:
                    tries += 1
                    raise OSError
        assert tries == 3
    assert next(context).number == 1
    context.close()


def test_an_async_retry_context_that_is_used_twice_starts_afresh(waits):
    async def main():
        context = rebackoff.aretry_context(OSError, THREE)
        for _ in range(2):
            tries = 0
            async for attempt in context:
                with attempt:
                    tries += 1
                    if tries < 3:
                        raise OSError
            assert tries == 3

    asyncio.run(main())


# Functions of the call's arguments


def test_limits_and_giveup_may_take_the_arguments_of_the_call(waits):
    target, calls = flaky(9)
    retry = rebackoff.on_exception(
        rebackoff.constant(3),
        OSError,
        jitter=None,
        max_tries=lambda tries, **_: tries,
        giveup=lambda error, tries, *, stop=False: stop,
    )
    decorated = retry(target)
    for stop, expected in ((False, 4), (True, 1)):
        calls.clear()
        with pytest.raises(OSError):
            decorated(4, stop=stop)
        assert len(calls) == expected


# Names


def test_a_name_is_that_of_the_call_in_log_records(waits, caplog):
    target, _ = flaky(9)
    with caplog.at_level(logging.INFO, "backoff"):
        with pytest.raises(OSError):
            rebackoff.on_exception(THREE, OSError, name="orders")(target)()
        with pytest.raises(OSError):
            for attempt in rebackoff.retry_context(OSError, THREE, name="block"):
                with attempt:
                    raise OSError("down")
    texts = [record.getMessage() for record in caplog.records]
    assert texts[2] == "Giving up orders(...) after 3 tries (OSError: down)"
    assert texts[5] == "Giving up block(...) after 3 tries (down)"


def test_handlers_see_the_name_only_if_they_ask_for_it(waits):
    seen = []
    target, _ = flaky(1)
    rebackoff.on_exception(THREE, OSError, name="orders", on_backoff=seen.append)(target)()
    rebackoff.on_exception(THREE, OSError, name="orders", on_success=seen.append)(lambda: 7)()
    for details in seen:
        assert details["name"] == "orders" and "name" not in list(details)
