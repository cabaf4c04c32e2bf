"""Trio and anyio work without configuration."""

from __future__ import annotations

import anyio
import pytest
import rebackoff
import trio
import trio.testing


def flaky_task(failures):
    tries = []

    @rebackoff.on_exception(rebackoff.constant, ValueError, interval=30, jitter=None)
    async def target():
        tries.append(1)
        if len(tries) <= failures:
            raise ValueError
        return len(tries)

    return target


def test_trio_sleeps_by_its_own_clock():
    clock = trio.testing.MockClock(autojump_threshold=0)

    async def run():
        start = trio.current_time()
        assert await flaky_task(3)() == 4
        return trio.current_time() - start

    assert trio.run(run, clock=clock) == pytest.approx(90)


def test_trio_cancels_a_wait():
    async def run():
        with trio.move_on_after(1) as scope:
            await flaky_task(9)()
        assert scope.cancelled_caught

    trio.run(run, clock=trio.testing.MockClock(autojump_threshold=0))


def test_trios_cancellation_is_not_retried_by_base_exception():
    tries = []

    @rebackoff.on_exception(rebackoff.expo, BaseException)
    async def target():
        tries.append(1)
        await trio.sleep(60)

    async def run():
        with trio.move_on_after(1):
            await target()

    trio.run(run, clock=trio.testing.MockClock(autojump_threshold=0))
    assert tries == [1]


def test_async_handlers_work_under_trio():
    waits = []

    async def on_backoff(details):
        await trio.sleep(0)
        waits.append(details["wait"])

    calls = []

    @rebackoff.on_predicate(rebackoff.constant, interval=5, jitter=None, on_backoff=on_backoff)
    async def poll():
        calls.append(1)
        return len(calls) > 2

    assert trio.run(poll, clock=trio.testing.MockClock(autojump_threshold=0)) is True
    assert waits == [5, 5]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_anyio_works_on_both_of_its_backends(backend):
    options = {"clock": trio.testing.MockClock(autojump_threshold=0)} if backend == "trio" else {}

    @rebackoff.on_exception(rebackoff.constant, ValueError, interval=0.001, jitter=None)
    async def target(tries):
        tries.append(1)
        await anyio.sleep(0)
        if len(tries) < 3:
            raise ValueError
        return len(tries)

    assert anyio.run(target, [], backend=backend, backend_options=options) == 3
