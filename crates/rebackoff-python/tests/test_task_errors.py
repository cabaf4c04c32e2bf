"""Errors that end a task, which a call retries only where they are named."""

from __future__ import annotations

import asyncio
import builtins
import logging
import math
import sys
import types

import pytest
import rebackoff
import rebackoff.http
from targets import THREE, flaky


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
