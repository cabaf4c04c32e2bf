"""Limits on each try of an async target."""

from __future__ import annotations

import asyncio
import gc
import weakref
from datetime import timedelta

import pytest
import rebackoff
from call_kinds import (
    retry,
)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time moves when it has nothing else to do."""

    def __init__(self):
        super().__init__()
        self._now, select = 0.0, self._selector.select

        def skip(timeout):
            events = select(0)
            if not events and timeout:
                self._now += timeout
            return events

        self._selector.select = skip

    def time(self):
        return self._now


def run(coroutine):
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(coroutine), loop.time()
    finally:
        loop.close()


def slow(seconds, tries, **options):
    """Takes longer than anyone waits, so many times."""

    @rebackoff.on_exception(
        rebackoff.constant, TimeoutError, interval=0, jitter=None, logger=None, **options
    )
    async def target():
        tries.append(1)
        await asyncio.sleep(seconds if len(tries) < 3 else 0)
        return "done"

    return target


def test_a_try_that_takes_too_long_is_cancelled_and_retried():
    tries = []
    assert run(slow(60, tries, timeout=2)()) == ("done", 4)
    assert len(tries) == 3


def test_a_timeout_takes_a_timedelta():
    assert run(slow(60, [], timeout=timedelta(seconds=2))())[1] == 4


def test_the_last_timeout_comes_back_as_a_timeout_error():
    with pytest.raises(TimeoutError, match=r"target\(\) took longer than 2 s"):
        run(slow(60, [], timeout=2, max_tries=2)())


def test_a_try_in_time_is_left_alone():
    tries = []
    assert run(slow(2, tries, timeout=60)()) == ("done", 2)
    assert len(tries) == 1


def test_a_timeout_of_the_targets_own_comes_through():
    @retry(timeout=60)
    async def target():
        raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        run(target())


def test_a_cancelled_call_cancels_its_try():
    ended = []

    @retry(timeout=60)
    async def target():
        try:
            await asyncio.sleep(30)
        finally:
            ended.append(asyncio.get_running_loop().time())

    async def main():
        task = asyncio.ensure_future(target())
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main())
    assert ended == [1]


def test_an_error_of_a_cancelled_try_comes_through(caplog):
    @retry(timeout=60)
    async def target():
        try:
            await asyncio.sleep(30)
        finally:
            raise KeyError("of the clean-up")

    async def main():
        task = asyncio.ensure_future(target())
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(KeyError, match="of the clean-up"):
            await task

    run(main())
    gc.collect()
    assert caplog.records == []


def test_a_polled_target_has_a_timeout_too():
    @rebackoff.on_predicate(rebackoff.constant, interval=0, timeout=2)
    async def poll():
        await asyncio.sleep(60)

    with pytest.raises(TimeoutError):
        run(poll())


def test_trio_has_timeouts():
    import trio
    import trio.testing

    @rebackoff.on_exception(rebackoff.constant, TimeoutError, jitter=None, max_tries=2, timeout=3)
    async def target():
        await trio.sleep(60)

    async def main():
        with pytest.raises(TimeoutError, match="took longer than 3 s"):
            await target()
        return trio.current_time()

    clock = trio.testing.MockClock(autojump_threshold=0)
    start = clock.current_time()
    assert trio.run(main, clock=clock) - start == pytest.approx(7)


def test_a_try_does_not_outlive_a_deadline_around(clock):
    @rebackoff.on_exception(rebackoff.constant, TimeoutError, max_tries=1, timeout=60)
    async def target():
        await asyncio.Event().wait()

    @retry(max_time=5)
    async def outer():
        await target()

    async def main():
        with rebackoff.deadline(9):
            await outer()

    with pytest.raises(TimeoutError, match="took longer than 5 s"):
        run(main())


@pytest.mark.parametrize("limits", [{}, {"max_time": 100}, {"max_tries": 1}])
def test_remaining_knows_the_timeout_of_the_try(limits, clock):
    left = []

    @retry(timeout=60, **limits)
    async def call():
        left.append(rebackoff.remaining())
        clock.now += 10
        left.append(rebackoff.remaining())
        left.append(await asyncio.create_task(asks()))
        with rebackoff.deadline(20):
            left.append(rebackoff.remaining())

    async def asks():
        return rebackoff.remaining()

    async def main():
        await call()
        assert rebackoff.remaining() is None
        with rebackoff.deadline(30):
            await call()

    asyncio.run(main())
    assert left == [60, 50, 50, 20, 30, 20, 20, 20]


def test_a_retry_inside_a_try_never_outlives_its_timeout(clock):
    reasons, start = [], clock.now

    @retry(interval=3, on_giveup=lambda details: reasons.append(details["reason"]))
    async def inner():
        raise ValueError

    @rebackoff.on_exception(rebackoff.constant, TimeoutError, timeout=7)
    async def outer():
        await inner()

    with pytest.raises(ValueError):
        asyncio.run(outer())
    assert (reasons, clock.now - start) == (["max_time"], 7)


def test_max_time_does_not_cut_a_try_short():
    """It is looked at between tries: the last one has its whole time, too."""
    tries = []
    assert run(slow(3, tries, timeout=5, max_time=1)()) == ("done", 3)


@pytest.mark.parametrize(
    ("timeout", "error"), [(0, ValueError), (-1, ValueError), ("1", TypeError), ([], TypeError)]
)
def test_a_timeout_that_is_none_is_an_error_at_decoration(timeout, error):
    with pytest.raises(error, match="timeout must be a number of seconds above 0"):
        retry(timeout=timeout)


@pytest.mark.parametrize("kind", ["function", "generator", "async generator"])
def test_a_timeout_that_nothing_could_keep_is_an_error_at_decoration(kind):
    def function(): ...

    def generator():
        yield

    async def async_generator():
        yield

    target = {"function": function, "generator": generator, "async generator": async_generator}
    with pytest.raises(TypeError, match="timeout needs a coroutine function"):
        retry(timeout=1)(target[kind])


def test_looking_around_keeps_no_error_alive(sleeps):
    class Lost(Exception): ...

    @rebackoff.on_exception(rebackoff.expo, Lost, max_tries=3, logger=None)
    def inner():
        raise Lost

    @rebackoff.on_exception(rebackoff.expo, Lost, max_tries=2, raise_on_giveup=False, logger=None)
    def outer():
        errors.append(None)
        try:
            inner()
        except Lost as error:
            errors[-1] = weakref.ref(error)
            raise

    errors = []
    gc.disable()
    try:
        outer()
        assert [error() for error in errors] == [None, None]
    finally:
        gc.enable()
