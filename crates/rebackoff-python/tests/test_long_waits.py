"""Waits that an event ends, and calls that begin anew after a long try."""

from __future__ import annotations

import asyncio
import os
import signal
import threading

import pytest
import rebackoff
import rebackoff.http
from targets import THREE, flaky


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


def test_what_has_wait_alone_ends_the_wait_of_a_task():
    class Stop:
        def __init__(self):
            self.waits = []

        def wait(self, timeout):
            self.waits.append(timeout)
            return len(self.waits) == 3

    stop = Stop()

    @rebackoff.on_exception(rebackoff.constant(600), OSError, jitter=None, cancelled_by=stop)
    async def fetch():
        raise OSError("down")

    assert asyncio.run(fetch.outcome()).reason == "cancelled"
    assert stop.waits == [0, 0, 0]


def test_an_event_that_is_not_set_lets_the_wait_pass(waits):
    target, calls = flaky(2)
    retry = rebackoff.on_exception(THREE, OSError, cancelled_by=threading.Event())
    assert retry(target)() == "ok" and waits == [3, 3]


class AwaitedAlone:
    async def wait(self): ...


@pytest.mark.parametrize("signal", [5, AwaitedAlone()])
def test_what_cannot_be_waited_for_is_an_error_at_decoration(signal):
    with pytest.raises(TypeError, match="cancelled_by must be an event"):
        rebackoff.on_exception(rebackoff.expo, OSError, cancelled_by=signal)


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


@pytest.mark.parametrize("is_block", [False, True])
def test_after_a_long_try_calls_inside_have_the_whole_time_again(is_block):
    durations, left = [100, 0, 0], []
    limits = {"max_time": 90, "max_tries": 3, "reset_after": 60}
    with rebackoff.testing.virtual_clock() as clock:

        def serve():
            left.append(rebackoff.remaining())
            clock.advance(durations.pop(0))
            raise OSError

        with pytest.raises(OSError):
            if is_block:
                for attempt in rebackoff.retry_context(OSError, THREE, **limits):
                    with attempt:
                        serve()
            else:
                rebackoff.on_exception(THREE, OSError, **limits)(serve)()
    assert left == [90, 87, 84]


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
