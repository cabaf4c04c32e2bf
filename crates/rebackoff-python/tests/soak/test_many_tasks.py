"""Ten thousand asyncio tasks that retry at the same time."""

import asyncio
import collections

import rebackoff

TASKS = 10_000
FAILURES = 3


def test_every_task_gets_its_own_tries_and_its_own_result():
    tried, told = collections.Counter(), collections.Counter()

    def note(details):
        (number,) = details["args"]
        told[number] += 1
        assert details["tries"] == told[number]
        assert details["exception"].args == (number,)

    @rebackoff.on_exception(
        rebackoff.constant,
        ValueError,
        interval=0,
        jitter=None,
        max_tries=FAILURES + 1,
        on_backoff=note,
    )
    async def fetch(number):
        tried[number] += 1
        await asyncio.sleep(0)
        if tried[number] <= FAILURES:
            raise ValueError(number)
        return -number

    async def everything():
        return await asyncio.gather(*(fetch(number) for number in range(TASKS)))

    assert asyncio.run(everything()) == [-number for number in range(TASKS)]
    assert set(tried.values()) == {FAILURES + 1}
    assert set(told.values()) == {FAILURES}


def test_cancelled_tasks_stop_in_the_wait_and_the_others_go_on():
    tried = collections.Counter()

    @rebackoff.on_exception(rebackoff.constant, ValueError, interval=0, jitter=None)
    async def fetch(number):
        tried[number] += 1
        await asyncio.sleep(0)
        if number % 2 or tried[number] < 5:
            raise ValueError(number)
        return number

    async def everything():
        tasks = [asyncio.ensure_future(fetch(number)) for number in range(TASKS)]
        await asyncio.wait(tasks[::2])
        for task in tasks[1::2]:
            task.cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    results = asyncio.run(everything())
    assert results[::2] == list(range(0, TASKS, 2))
    assert all(isinstance(result, asyncio.CancelledError) for result in results[1::2])


def test_a_limit_of_tries_is_counted_for_each_task():
    tried = collections.Counter()

    @rebackoff.on_predicate(rebackoff.constant, interval=0, jitter=None, max_tries=4)
    async def poll(number):
        tried[number] += 1
        await asyncio.sleep(0)

    async def everything():
        return await asyncio.gather(*(poll(number) for number in range(TASKS)))

    assert set(asyncio.run(everything())) == {None}
    assert set(tried.values()) == {4}
