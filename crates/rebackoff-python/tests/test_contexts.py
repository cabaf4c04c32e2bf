"""Retry contexts: any block of code, retried."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref

import pytest
import rebackoff


def test_an_attempt_keeps_the_error_and_the_loop_goes_on(sleeps):
    errors = []
    for attempt in rebackoff.retry_context(ValueError, jitter=None):
        with attempt:
            if len(sleeps) < 2:
                raise ValueError
        errors.append(attempt.exception)
    assert [type(error) for error in errors] == [ValueError, ValueError, type(None)]
    assert sleeps == [1, 2]


def test_an_attempt_knows_the_wait_that_was_slept_after_it(sleeps):
    attempts = []
    for attempt in rebackoff.retry_context(ValueError, jitter=None, max_tries=3):
        attempts.append(attempt)
        with attempt:
            if len(sleeps) < 2:
                raise ValueError
    assert [attempt.next_wait for attempt in attempts] == [1, 2, None]


def test_the_defaults_are_any_exception_and_expo(sleeps):
    for attempt in rebackoff.retry_context(jitter=None, max_tries=4):
        with attempt:
            if len(sleeps) < 3:
                raise KeyError
    assert sleeps == [1, 2, 4]


def test_giving_up_raises_the_error_untouched(sleeps):
    error, cause = ValueError("lost"), KeyError()
    for options in ({"max_tries": 2}, {"wait_gen": rebackoff.constant, "interval": []}):
        with pytest.raises(ValueError) as raised:
            for attempt in rebackoff.retry_context(ValueError, **options):
                with attempt:
                    raise error from cause
        assert raised.value is error and error.__cause__ is cause


def test_a_context_that_gives_up_silently_leaves_the_error_in_the_attempt(sleeps):
    for attempt in rebackoff.retry_context(ValueError, max_tries=2, raise_on_giveup=False):
        with attempt:
            raise ValueError("lost")
    assert str(attempt.exception) == "lost"


def test_the_details_have_no_target(sleeps):
    events = []
    handlers = {
        event: (lambda details, event=event: events.append((event, dict(details))))
        for event in ("on_try", "on_backoff", "on_giveup")
    }
    error = ValueError()
    with pytest.raises(ValueError):
        for attempt in rebackoff.retry_context(ValueError, jitter=None, max_tries=2, **handlers):
            with attempt:
                raise error
    for _, details in events:
        details.pop("elapsed")
    assert events == [
        ("on_try", {"tries": 1}),
        ("on_backoff", {"tries": 1, "wait": 1, "exception": error}),
        ("on_try", {"tries": 2}),
        ("on_giveup", {"tries": 2, "exception": error}),
    ]


def test_the_records_name_the_context(caplog, sleeps):
    with caplog.at_level(logging.INFO), pytest.raises(ValueError):
        for attempt in rebackoff.retry_context(ValueError, jitter=None, max_tries=2):
            with attempt:
                raise ValueError("lost")
    assert [record.message for record in caplog.records] == [
        "Backing off retry_context(...) for 1.0s (lost)",
        "Giving up retry_context(...) after 2 tries (lost)",
    ]


def test_async_handlers_giveup_and_jitter_are_awaited_in_an_async_context(sleeps):
    events = []

    async def jitter(wait):
        return wait / 4

    async def giveup(error):
        return len(events) > 2

    async def on_event(details):
        await asyncio.tasks.sleep(0)
        events.append(details["tries"])

    async def run():
        async for attempt in rebackoff.aretry_context(
            ValueError,
            giveup=giveup,
            jitter=jitter,
            on_try=on_event,
            on_backoff=on_event,
            on_giveup=on_event,
        ):
            with attempt:
                raise ValueError("lost")

    with pytest.raises(ValueError, match="lost"):
        asyncio.run(run())
    assert events == [1, 1, 2, 2, 3, 3][: len(events)]
    assert [wait for wait in sleeps if wait] == [0.25]


def test_an_async_handler_in_a_blocking_context_is_an_error():
    async def handler(details): ...

    with pytest.raises(TypeError, match="on_backoff is async, but a retry_context is not"):
        rebackoff.retry_context(ValueError, on_backoff=handler)


def test_cancellation_passes_through_a_context_that_does_not_name_it():
    with pytest.raises(KeyboardInterrupt):
        for attempt in rebackoff.retry_context(BaseException):
            with attempt:
                raise KeyboardInterrupt


def test_attempts_look_like_backoffs():
    attempt = rebackoff.Attempt(ValueError)
    assert repr(attempt) == "Attempt(exception_types=<class 'ValueError'>, exception=None)"
    assert attempt == rebackoff.Attempt(ValueError) != rebackoff.Attempt(KeyError)


def test_an_error_that_was_raised_is_in_no_reference_cycle(sleeps):
    class Error(Exception):
        pass

    def run():
        for attempt in rebackoff.retry_context(Error, max_tries=2, logger=None):
            with attempt:
                raise Error

    gc.disable()
    try:
        try:
            run()
        except Error as error:
            alive = weakref.ref(error)
        assert alive() is None
    finally:
        gc.enable()
