"""Calls by a policy, outcomes, other options for one call, policies by error, and waits that end early."""

from __future__ import annotations

import asyncio
import builtins
import logging
import math
import os
import signal
import sys
import threading
import types

import pytest
import rebackoff
import rebackoff.http
from rebackoff import Outcome, Policy

THREE = Policy("constant", interval=3, jitter="none", max_tries=3)


@pytest.fixture
def waits():
    with rebackoff.testing.no_wait() as waits:
        yield waits


def flaky(times, error=OSError):
    calls = []

    def target(*args, **kwargs):
        calls.append((args, kwargs))
        if len(calls) <= times:
            raise error("down")
        return "ok"

    return target, calls


def awaited(target):
    async def async_target(*args, **kwargs):
        return target(*args, **kwargs)

    return async_target


# retry() and outcomes


def test_retry_calls_the_function_with_its_arguments(waits):
    target, calls = flaky(2)
    assert rebackoff.retry(THREE, target, 7, key=8) == "ok"
    assert calls == [((7,), {"key": 8})] * 3 and waits == [3, 3]


def test_aretry_awaits_the_coroutine_function(waits):
    target, calls = flaky(2)
    assert asyncio.run(rebackoff.aretry(THREE, awaited(target), 7)) == "ok"
    assert len(calls) == 3 and waits == [3, 3]


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


def test_a_generator_function_has_no_outcome_since_its_tries_come_when_it_is_iterated(waits):
    client = Client()
    for name in ("generator", "async_generator"):
        with pytest.raises(TypeError, match=rf"{name}\(\) is a generator function"):
            rebackoff.outcome(getattr(client, name), 7)
    assert client.calls == []


def test_an_outcome_of_an_error_that_is_not_retried_has_no_reason():
    target, _ = flaky(9, KeyError)
    outcome = rebackoff.on_exception(THREE, OSError)(target).outcome()
    assert type(outcome.error) is KeyError and (outcome.tries, outcome.reason) == (1, None)


def test_an_outcome_of_a_value_keeps_the_last_one(waits):
    outcome = rebackoff.on_predicate(THREE)(lambda: 0).outcome()
    assert (outcome.result, outcome.tries, outcome.reason) == (0, 3, "max_tries")
    assert not outcome.is_success and "reason='max_tries'" in repr(outcome)


# Methods


class Client:
    """Each method fails twice for each key, and returns the key with what it is bound to."""

    def __init__(self):
        self.calls = []

    def _flaky(self, key):
        self.calls.append(key)
        if self.calls.count(key) < 3:
            raise OSError("down")
        return key

    @rebackoff.on_exception(THREE, OSError)
    def blocking(self, key):
        return self._flaky(key), self

    @rebackoff.on_exception(THREE, OSError)
    async def awaited(self, key):
        return self._flaky(key), self

    @rebackoff.on_exception(THREE, OSError)
    def generator(self, key):
        yield self._flaky(key), self

    @rebackoff.on_exception(THREE, OSError)
    async def async_generator(self, key):
        yield self._flaky(key), self

    @rebackoff.on_predicate(THREE, lambda found: found is None)
    def polled(self, key):
        self.calls.append(key)
        return (key, self) if self.calls.count(key) == 3 else None

    @rebackoff.on_exception(THREE, OSError)
    @classmethod
    def of_class(cls, key):
        return shared._flaky(key), cls

    @classmethod
    @rebackoff.on_exception(THREE, OSError)
    def of_class_inside(cls, key):
        return shared._flaky(key), cls

    @rebackoff.on_exception(THREE, OSError)
    @staticmethod
    def static(key):
        return shared._flaky(key), None


shared = Client()


class Heir(Client):
    def blocking(self, key):
        return super().blocking(key)


async def _items(function, key):
    return [item async for item in function(key)][0]


def call(function, key):
    if "async_generator" in function.__name__:
        return asyncio.run(_items(function, key))
    if "generator" in function.__name__:
        return next(function(key))
    return asyncio.run(function(key)) if "awaited" in function.__name__ else function(key)


METHODS = (
    *("blocking", "awaited", "generator", "async_generator", "polled"),
    *("of_class", "of_class_inside", "static"),
)


@pytest.mark.parametrize("name", METHODS)
def test_retry_with_keeps_the_object_of_a_method(waits, name):
    client = Client()
    shared.calls.clear()
    method = getattr(client, name)
    bound_to = {"static": None, "of_class": Client, "of_class_inside": Client}.get(name, client)
    short = rebackoff.retry_with(method, max_tries=1)
    assert getattr(short, "__self__", None) is bound_to
    if name == "polled":
        assert call(short, 7) is None and call(rebackoff.retry_with(method, max_tries=2), 7)
    else:
        with pytest.raises(OSError):
            call(short, 7)
        assert call(rebackoff.retry_with(method, max_tries=2), 7) == (7, bound_to)
    assert waits == [3]
    assert call(method, 8) == (8, bound_to)


@pytest.mark.parametrize("name", [name for name in METHODS if "generator" not in name])
def test_the_outcome_of_a_method_keeps_its_object(waits, name):
    client = Client()
    shared.calls.clear()
    bound_to = {"static": None, "of_class": Client, "of_class_inside": Client}.get(name, client)
    outcome = rebackoff.outcome(getattr(client, name), key=7)
    if name == "awaited":
        outcome = asyncio.run(outcome)
    assert (outcome.result, outcome.tries, outcome.reason) == ((7, bound_to), 3, None)


def test_functions_and_methods_by_their_class_have_outcomes_and_other_options(waits):
    client, heir = Client(), Heir()
    assert rebackoff.outcome(Client.blocking, client, 7).result == (7, client)
    assert Client.blocking.outcome(client, 7).tries == 1
    assert rebackoff.retry_with(Client.blocking, max_tries=1)(client, 7) == (7, client)
    assert rebackoff.outcome(super(Heir, heir).blocking, 7).result == (7, heir)
    target, _ = flaky(2)
    assert rebackoff.outcome(rebackoff.on_exception(THREE, OSError)(target)).tries == 3


@pytest.mark.parametrize("name", ["blocking", "awaited", "polled", "of_class", "of_class_inside"])
def test_an_outcome_without_the_object_of_the_method_is_an_error_that_names_the_function(name):
    method = getattr(Client(), name)
    for args in ((), (7,)):
        with pytest.raises(TypeError, match=rf"rebackoff.outcome\(obj.{name}, …\) keeps it"):
            method.outcome(*args)
    # an error of the caller's own stays in the outcome
    assert isinstance(rebackoff.outcome(Client().blocking).error, TypeError)


@pytest.mark.parametrize("wrong", [print, Client, Client()._flaky, 5, None])
def test_what_is_not_decorated_has_no_outcome_and_no_other_options(wrong):
    for function in (rebackoff.outcome, rebackoff.retry_with):
        with pytest.raises(TypeError, match="a function that rebackoff has decorated"):
            function(wrong)


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


# Waits that can be stopped


def test_an_event_ends_a_wait_at_once_with_the_reason_cancelled():
    event, seen = threading.Event(), []

    @rebackoff.on_exception(
        rebackoff.constant(600), OSError, jitter=None, cancelled_by=event, on_giveup=seen.append
    )
    def fetch():
        threading.Timer(0.01, event.set).start()
        raise OSError("down")

    with pytest.raises(OSError, match="down"):
        fetch()
    assert [(details["reason"], details["tries"]) for details in seen] == [("cancelled", 1)]


def test_a_worker_ends_its_wait_when_a_signal_sets_the_event():
    event = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: event.set())
    try:
        retry = rebackoff.on_exception(
            rebackoff.constant(600), OSError, jitter=None, cancelled_by=event
        )
        target, calls = flaky(9)

        def fetch():
            threading.Timer(0.01, os.kill, [os.getpid(), signal.SIGTERM]).start()
            return target()

        with pytest.raises(OSError):
            retry(fetch)()
        assert len(calls) == 1
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("kind", [threading.Event, asyncio.Event])
def test_an_event_ends_the_wait_of_a_task(kind):
    async def main():
        event = kind()

        @rebackoff.on_exception(rebackoff.constant(600), OSError, jitter=None, cancelled_by=event)
        async def fetch():
            asyncio.get_running_loop().call_later(0.01, event.set)
            raise OSError("down")

        return await fetch.outcome()

    assert asyncio.run(main()).reason == "cancelled"


def test_an_event_that_is_not_set_lets_the_wait_pass(waits):
    target, calls = flaky(2)
    retry = rebackoff.on_exception(THREE, OSError, cancelled_by=threading.Event())
    assert retry(target)() == "ok" and waits == [3, 3]


def test_what_cannot_be_waited_for_is_an_error_at_decoration():
    with pytest.raises(TypeError, match="cancelled_by must be an event"):
        rebackoff.on_exception(rebackoff.expo, OSError, cancelled_by=5)


@pytest.mark.parametrize("decorator", ["on_exception", "on_predicate", "retry_context"])
def test_an_event_that_only_a_task_can_wait_for_is_an_error_where_it_is_given(decorator):
    options = {"cancelled_by": asyncio.Event()}
    with pytest.raises(TypeError, match="the wait of cancelled_by is async"):
        if decorator == "retry_context":
            rebackoff.retry_context(OSError, THREE, **options)
        elif decorator == "on_predicate":
            rebackoff.on_predicate(THREE, **options)(print)
        else:
            rebackoff.on_exception(THREE, OSError, **options)(print)


def test_after_a_long_try_waits_tries_and_elapsed_begin_anew():
    durations, seen = [0, 0, 100, 0, 0], []
    with rebackoff.testing.virtual_clock() as clock:

        @rebackoff.on_exception(
            rebackoff.linear,
            OSError,
            jitter=None,
            max_tries=3,
            reset_after=60,
            on_backoff=lambda details: seen.append((details["tries"], details["wait"])),
        )
        def serve():
            clock.advance(durations.pop(0))
            raise OSError

        with pytest.raises(OSError):
            serve()
    assert seen == [(1, 1), (2, 2), (1, 1), (2, 2)]


def test_the_total_of_tries_is_shown_in_details_and_outcome():
    durations, seen = [0, 0, 100, 0, 100, 0, 0], []
    with rebackoff.testing.virtual_clock() as clock:

        @rebackoff.on_exception(
            rebackoff.linear,
            OSError,
            jitter=None,
            max_tries=3,
            reset_after=60,
            on_backoff=lambda details: seen.append((details["tries"], details["total_tries"])),
            on_giveup=lambda details: seen.append((details["tries"], details["total_tries"])),
        )
        def serve():
            clock.advance(durations.pop(0))
            raise OSError

        outcome = serve.outcome()
    assert seen == [(1, 1), (2, 2), (1, 3), (2, 4), (1, 5), (2, 6), (3, 7)]
    assert (outcome.tries, outcome.total_tries, outcome.reason) == (3, 7, "max_tries")


def test_without_resets_the_total_of_tries_is_that_of_tries(waits):
    seen = []
    target, _ = flaky(2)
    outcome = rebackoff.on_exception(THREE, OSError, on_backoff=seen.append)(target).outcome()
    assert (outcome.tries, outcome.total_tries) == (3, 3)
    assert "total_tries" not in seen[0]


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


# Errors that end a task


@pytest.fixture
def celery(monkeypatch):
    class TaskPredicate(Exception):
        pass

    module = types.ModuleType("celery.exceptions")
    module.TaskPredicate = TaskPredicate
    module.Retry = type("Retry", (TaskPredicate,), {})
    monkeypatch.setitem(sys.modules, "celery", types.ModuleType("celery"))
    monkeypatch.setitem(sys.modules, "celery.exceptions", module)
    return module


@pytest.mark.parametrize(
    ("exceptions", "tries"),
    [(Exception, 1), (BaseException, 1), ((Exception, KeyError), 1), ("own", 3)],
)
def test_control_flow_of_a_task_queue_is_retried_only_where_it_is_named(
    celery, waits, exceptions, tries
):
    target, calls = flaky(9, celery.Retry)
    exceptions = (Exception, celery.Retry) if exceptions == "own" else exceptions
    with pytest.raises(celery.Retry):
        rebackoff.on_exception(THREE, exceptions)(target)()
    assert len(calls) == tries


@pytest.mark.parametrize(
    ("module", "name", "base"),
    [
        ("gevent.timeout", "Timeout", BaseException),
        ("eventlet.timeout", "Timeout", BaseException),
        ("greenlet", "GreenletExit", BaseException),
        ("rq.exceptions", "ShutDownImminentException", BaseException),
        ("dramatiq.middleware.threading", "Interrupt", BaseException),
        ("dramatiq.errors", "Retry", Exception),
        ("arq.worker", "Retry", RuntimeError),
        ("huey.exceptions", "CancelExecution", Exception),
        ("procrastinate.exceptions", "JobRetry", Exception),
    ],
)
def test_an_end_of_a_task_is_retried_only_where_it_is_named(monkeypatch, waits, module, name, base):
    kind = type(name, (base,), {"__module__": module})
    stub = types.ModuleType(module)
    setattr(stub, name, kind)
    monkeypatch.setitem(sys.modules, module.partition(".")[0], types.ModuleType("stub"))
    monkeypatch.setitem(sys.modules, module, stub)
    ended = type("Ended", (kind,), {"__module__": "shop"})
    for exceptions, tries in (
        (BaseException, 1),
        (Exception, 1),
        (kind, 3),
        ((Exception, kind), 3),
    ):
        target, calls = flaky(9, ended)
        with pytest.raises(ended):
            rebackoff.on_exception(THREE, exceptions)(target)()
        assert len(calls) == tries


def test_an_outcome_of_pytest_leaves_a_call(waits):
    target, calls = flaky(9, pytest.skip.Exception)
    with pytest.raises(pytest.skip.Exception):
        rebackoff.on_exception(THREE, BaseException)(target)()
    assert len(calls) == 1


def test_control_flow_leaves_a_block(celery, waits):
    tries = 0
    with pytest.raises(celery.Retry):
        for attempt in rebackoff.retry_context(Exception, THREE):
            with attempt:
                tries += 1
                raise celery.Retry
    assert tries == 1


if sys.version_info >= (3, 11):  # there are exception groups

    @pytest.mark.parametrize(
        ("errors", "groups", "tries"),
        [
            ([OSError(), TimeoutError()], True, 3),
            ([OSError(), TimeoutError()], False, 1),
            ([OSError(), KeyError()], True, 1),
        ],
    )
    def test_a_group_is_retried_if_all_its_errors_match(waits, errors, groups, tries):
        group, calls = (
            builtins.ExceptionGroup("several", [builtins.ExceptionGroup("inner", errors)]),
            [],
        )

        @rebackoff.on_exception(THREE, OSError, groups=groups)
        def fetch():
            calls.append(1)
            raise group

        with pytest.raises(builtins.ExceptionGroup):
            fetch()
        assert len(calls) == tries

    @pytest.mark.parametrize("ending", [KeyboardInterrupt, asyncio.CancelledError])
    @pytest.mark.parametrize(("is_named", "tries"), [(False, 1), (True, 3)])
    def test_a_group_that_holds_an_end_is_not_retried_unless_named(waits, ending, is_named, tries):
        calls = []
        named = (BaseException, ending) if is_named else BaseException

        @rebackoff.on_exception(THREE, named, groups=True)
        def fetch():
            calls.append(1)
            raise builtins.BaseExceptionGroup("several", [OSError(), ending()])

        with pytest.raises(builtins.BaseExceptionGroup):
            fetch()
        assert len(calls) == tries

    @pytest.mark.parametrize(
        "exceptions", [(ValueError, OSError), [ValueError, OSError], rebackoff.http.errors()]
    )
    @pytest.mark.parametrize(
        ("errors", "tries"),
        [([TimeoutError(), ConnectionError()], 3), ([TimeoutError(), KeyError()], 1)],
    )
    def test_groups_of_several_classes_are_retried(waits, exceptions, errors, tries):
        calls = []

        @rebackoff.on_exception(THREE, exceptions, groups=True)
        def fetch():
            calls.append(1)
            raise builtins.ExceptionGroup("several", errors)

        with pytest.raises(builtins.ExceptionGroup):
            fetch()
        assert len(calls) == tries

    def test_the_conditions_of_http_look_at_each_error_of_a_group(waits):
        def failed(status, hint=None):
            response = types.SimpleNamespace(
                status_code=status, headers={"Retry-After": hint} if hint else {}
            )
            error = OSError(f"status {status}")
            error.response = response
            error.request = types.SimpleNamespace(method="GET", headers={})
            return error

        stopped = failed(503)
        stopped.response.headers = {"x-should-retry": "false"}
        http = rebackoff.http
        for errors, is_final, hint in (
            ([failed(503, "2"), failed(502, "7")], False, 7),
            ([failed(503), TimeoutError()], False, None),
            ([failed(503), failed(404)], True, None),
            ([failed(503), KeyError()], True, None),
            ([failed(503, "5"), stopped], True, -math.inf),
        ):
            inner = builtins.ExceptionGroup("inner", errors[1:])
            group = builtins.ExceptionGroup("several", [errors[0], inner])
            assert (http.is_final(group), http.hint(group)) == (is_final, hint)
            calls = []

            @rebackoff.on_exception(
                rebackoff.constant(0),
                (OSError, KeyError),
                giveup=http.is_final,
                hint=http.hint,
                jitter=None,
                groups=True,
                max_tries=2,
            )
            def fetch(calls=calls, group=group):
                calls.append(1)
                raise group

            with pytest.raises(builtins.ExceptionGroup):
                fetch()
            assert len(calls) == (1 if is_final else 2)

    def test_a_group_that_ends_a_task_of_celery_is_not_retried(waits, celery):
        calls = []

        @rebackoff.on_exception(THREE, Exception, groups=True)
        def fetch():
            calls.append(1)
            raise builtins.ExceptionGroup("several", [OSError(), celery.Retry()])

        with pytest.raises(builtins.ExceptionGroup):
            fetch()
        assert len(calls) == 1


def test_a_blocking_wait_in_a_running_loop_is_logged_once(monkeypatch, caplog):
    monkeypatch.setattr("rebackoff._running._reported", False)
    monkeypatch.setattr("time.sleep", lambda wait: None)

    async def main():
        for _ in range(2):
            target, _calls = flaky(2)
            rebackoff.retry(THREE, target)

    with caplog.at_level(logging.WARNING, "backoff"):
        asyncio.run(main())
    texts = [record.getMessage() for record in caplog.records]
    assert len(texts) == 1 and "waits 3 s inside a running event loop" in texts[0]


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
    assert seen[0]["name"] == "orders" and "name" not in list(seen[0])
