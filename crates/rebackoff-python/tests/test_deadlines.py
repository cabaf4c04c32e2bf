"""Deadlines: what the code inside a call or a `deadline()` has left."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from datetime import timedelta

import pytest
import rebackoff
from call_kinds import (
    ALL,
    BLOCKING,
    fail,
    retry,
)

outermost = pytest.mark.parametrize("outer", ALL)
innermost = pytest.mark.parametrize("inner", BLOCKING)


def test_without_a_deadline_there_is_no_remaining_time():
    assert rebackoff.remaining() is None
    assert retry()(rebackoff.remaining)() is None


@outermost
def test_a_target_sees_what_is_left_in_each_try(outer, clock):
    seen = []

    def target():
        clock.now += 2
        seen.append(rebackoff.remaining())
        if len(seen) < 3:
            raise ValueError
        return "done"

    assert outer(target, max_time=10)() == "done"
    assert seen == [8, 5, 2]
    assert rebackoff.remaining() is None


@outermost
@innermost
def test_an_inner_retry_gives_up_when_the_outer_one_must(outer, inner, clock):
    def target():
        return inner(fail)()

    with pytest.raises(ValueError):
        outer(target, max_time=10)()
    assert clock.now == 1010


@outermost
@innermost
def test_an_inner_limit_that_is_nearer_counts(outer, inner, clock):
    waited = []

    def target():
        start = clock.now
        try:
            inner(fail, max_time=3)()
        finally:
            waited.append(clock.now - start)

    with pytest.raises(ValueError):
        outer(target, max_time=10)()
    assert waited == [3, 3, 2]


def test_the_deadline_goes_through_a_call_that_has_none(clock):
    @retry(max_time=10)
    def outermost():
        middle()

    @retry()
    def middle():
        innermost()

    @retry()
    def innermost():
        raise ValueError

    with pytest.raises(ValueError):
        outermost()
    assert clock.now == 1010


def test_an_inner_give_up_for_the_outer_deadline_has_the_reason_max_time(clock):
    reasons = []

    @retry(max_time=5)
    def outer():
        inner()

    @retry(on_giveup=lambda details: reasons.append(details["reason"]))
    def inner():
        raise ValueError

    with pytest.raises(ValueError):
        outer()
    assert set(reasons) == {"max_time"}


@innermost
def test_a_deadline_limits_the_retries_inside(inner, clock):
    with rebackoff.deadline(4), pytest.raises(ValueError):
        inner(fail)()
    assert clock.now == 1004


def test_a_deadline_holds_in_async_code_and_the_tasks_it_starts(clock):
    @retry()
    async def fails():
        raise ValueError

    async def main():
        async with rebackoff.deadline(timedelta(seconds=4)):
            assert rebackoff.remaining() == 4
            await asyncio.gather(fails(), return_exceptions=True)
        return rebackoff.remaining()

    assert asyncio.run(main()) is None
    assert clock.now == 1004


def test_of_two_deadlines_the_nearer_counts(clock):
    with rebackoff.deadline(4):
        with rebackoff.deadline(9):
            assert rebackoff.remaining() == 4
        with rebackoff.deadline(2):
            assert rebackoff.remaining() == 2
        clock.now += 5
        assert rebackoff.remaining() == 0
    assert rebackoff.remaining() is None


def test_a_deadline_can_be_entered_again(clock):
    deadline = rebackoff.deadline(4)
    with deadline:
        clock.now += 3
        with deadline:
            assert rebackoff.remaining() == 1
    with deadline:
        assert rebackoff.remaining() == 4


def test_tasks_that_share_a_deadline_each_leave_their_own(clock):
    limit = rebackoff.deadline(4)

    async def main():
        is_first_in, is_second_in, is_first_out = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def first():
            async with limit:
                is_first_in.set()
                await is_second_in.wait()
            is_first_out.set()
            return rebackoff.remaining()

        async def second():
            await is_first_in.wait()
            clock.now += 1
            async with limit:
                is_second_in.set()
                await is_first_out.wait()
                inside = rebackoff.remaining()
            return inside, rebackoff.remaining()

        return await asyncio.gather(first(), second())

    assert asyncio.run(main()) == [None, (4, None)]


@pytest.mark.parametrize(
    ("seconds", "error"), [(-1, ValueError), (float("nan"), ValueError), ("soon", TypeError)]
)
def test_a_deadline_that_is_none_is_an_error(seconds, error):
    with pytest.raises(error, match="a deadline must be"):
        rebackoff.deadline(seconds)


def test_a_thread_does_not_see_the_deadlines_of_another(clock):
    seen = []

    @retry(max_time=5)
    def target():
        thread = threading.Thread(target=lambda: seen.append(rebackoff.remaining()))
        thread.start()
        thread.join()

    target()
    assert seen == [None]


def test_a_thread_with_the_context_of_an_async_call_sees_its_deadline(clock):
    @retry(max_time=5)
    async def target():
        context = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(
            None, context.run, rebackoff.remaining
        )

    assert asyncio.run(target()) == 5


def test_a_task_that_an_async_call_starts_sees_its_deadline(clock):
    async def look():
        return rebackoff.remaining()

    @retry(max_time=5)
    async def target():
        return await asyncio.create_task(look())

    assert asyncio.run(target()) == 5


def test_tasks_beside_each_other_do_not_see_each_other(clock):
    @retry(max_time=5)
    async def limited(started):
        started.set()
        await asyncio.Event().wait()

    async def main():
        started = asyncio.Event()
        task = asyncio.create_task(limited(started))
        await started.wait()
        seen = rebackoff.remaining()
        task.cancel()
        return seen

    assert asyncio.run(main()) is None


def test_a_generator_is_left_alone_after_its_first_item(clock):
    @retry(max_time=5)
    def items():
        yield rebackoff.remaining()
        yield rebackoff.remaining()

    assert list(items()) == [5, None]


def test_an_error_that_is_kept_keeps_no_deadline(clock):
    @retry(max_time=5, max_tries=2)
    def target():
        raise ValueError if clock.now == 1000 else KeyError

    try:
        target()
    except KeyError as error:
        kept = error
    assert rebackoff.remaining() is None
    assert kept.__traceback__ is not None


def test_a_block_that_is_left_leaves_no_deadline(clock):
    def leave():
        for attempt in rebackoff.retry_context(ValueError, max_time=5):
            with attempt:
                return rebackoff.remaining()

    assert leave() == 5
    assert rebackoff.remaining() is None


def test_a_handler_is_not_inside_the_call_that_tells_it(clock):
    seen = []

    @retry(max_time=5, max_tries=2, on_backoff=lambda details: seen.append(rebackoff.remaining()))
    def target():
        raise ValueError

    with pytest.raises(ValueError):
        target()
    assert seen == [None]
