"""Calls inside the tries of others, and which of them they see."""

from __future__ import annotations

import asyncio
import contextvars
import types

import pytest
import rebackoff
from call_kinds import (
    ALL,
    BLOCKING,
    retry,
)
from rebackoff import telemetry

outermost = pytest.mark.parametrize("outer", ALL)
innermost = pytest.mark.parametrize("inner", BLOCKING)


@pytest.mark.parametrize("once", BLOCKING)
@outermost
def test_a_call_that_gives_way_is_tried_once_in_each_try_of_another(outer, once, flaky, clock):
    target = flaky(9)
    with pytest.raises(ValueError):
        outer(once(target, nested="once", max_tries=3), max_tries=2, nested="allow")()
    assert target.calls == 2


@pytest.mark.parametrize("once", BLOCKING)
@outermost
def test_a_call_of_which_no_option_asks_is_seen_from_its_first_retry_on(outer, once, flaky, clock):
    target = flaky(9)
    with pytest.raises(ValueError):
        outer(once(target, nested="once", max_tries=3), max_tries=2)()
    assert target.calls == 3 + 1


def inner_tries(await_inner, **outer):
    """Returns how often the target of an inner call that gives way is tried in each of two outer tries."""
    seen = []

    @retry(nested="once", max_tries=3)
    def inner():
        seen[-1] += 1
        raise ValueError

    async def call():
        return inner()

    @retry(max_tries=2, **outer)
    async def target():
        seen.append(0)
        await await_inner(call())

    with pytest.raises(ValueError):
        asyncio.run(target())
    return seen


VISIBLE = [{"max_time": 60}, {"timeout": 60}, {"nested": "allow"}]


@pytest.mark.parametrize("outer", [*VISIBLE, {"breaker": rebackoff.Breaker()}])
def test_a_task_sees_a_call_with_a_limit_or_a_guard_in_each_try(outer, clock):
    assert inner_tries(asyncio.create_task, **outer) == [1, 1]


@pytest.mark.parametrize("outer", [{}, {"on_success": print}, {"on_try": print}])
def test_a_task_sees_another_call_from_its_first_retry_on(outer, clock):
    assert inner_tries(asyncio.create_task, **outer) == [3, 1]


@pytest.mark.parametrize("outer", VISIBLE)
def test_what_an_async_call_awaits_sees_it_in_each_try(outer, clock):
    assert inner_tries(lambda call: call, **outer) == [1, 1]


def test_a_task_sees_each_call_in_each_try_where_there_is_an_exporter(clock):
    telemetry.instrument(telemetry.Exporter())
    telemetry.instrument(Listener())
    try:
        assert inner_tries(asyncio.create_task) == [1, 1]
    finally:
        telemetry.uninstrument()


class Listener(telemetry.Exporter):
    def on_success(self, record): ...


def test_a_call_that_has_ended_limits_nothing_any_more(clock):
    seen = []

    @retry(max_time=5)
    async def target(ended):
        async def outlive():
            await ended.wait()
            seen.append(rebackoff.remaining())

        seen.append(rebackoff.remaining())
        return asyncio.create_task(outlive())

    async def main():
        ended = asyncio.Event()
        task = await target(ended)
        ended.set()
        await task

    asyncio.run(main())
    assert seen == [5, None]


def test_tasks_that_start_their_successors_keep_no_chain_of_calls(clock):
    @retry(max_time=5)
    async def step(left):
        if left:
            tasks.append(asyncio.create_task(step(left - 1)))
        return rebackoff.remaining()

    async def main():
        tasks.append(asyncio.create_task(step(20_000)))
        for task in tasks:
            await task

    tasks = []
    asyncio.run(main())
    assert len(tasks) == 20_001


def test_a_coroutine_that_is_closed_in_another_context_changes_nothing_there(clock):
    @retry(max_time=5)
    async def target():
        await hanging()

    coroutine = target()
    contextvars.copy_context().run(coroutine.send, None)
    with rebackoff.deadline(3):
        coroutine.close()
        assert rebackoff.remaining() == 3


@types.coroutine
def hanging():
    yield


@pytest.mark.parametrize("once", ALL)
def test_a_call_that_gives_way_retries_where_it_is_outermost(once, flaky, clock):
    target = flaky(2)
    assert once(target, nested="once")() == "done"


def test_a_deadline_is_no_call_to_give_way_to(flaky, clock):
    with rebackoff.deadline(60):
        assert retry(nested="once")(flaky(2))() == "done"


def test_three_layers_of_three_tries_are_27_calls_and_the_details_say_so(flaky, clock):
    target, calls = flaky(99), []

    def seen(details):
        calls.append((details.get("amplification"), target.calls))

    @retry(max_tries=3, nested="allow")
    def outermost():
        middle()

    @retry(max_tries=3, nested="allow")
    def middle():
        innermost()

    @retry(max_tries=3, on_backoff=seen, on_giveup=seen)
    def innermost():
        target()

    with pytest.raises(ValueError):
        outermost()
    assert calls[:4] == [(1, 1), (2, 2), (3, 3), (2, 4)]
    assert calls[-1] == (27, 27)


def test_the_details_of_a_call_of_its_own_say_nothing_of_amplification(flaky, clock):
    events = []
    with pytest.raises(ValueError):
        retry(max_tries=2, on_backoff=events.append, on_giveup=events.append)(flaky(9))()
    assert all("amplification" not in event for event in events)


def test_only_who_asks_for_the_amplification_comes_upon_it(flaky, clock):
    events = []

    @retry(max_tries=1, nested="allow")
    def outer():
        inner()

    @retry(max_tries=2, on_backoff=events.append, on_giveup=events.append)
    def inner():
        raise ValueError

    with pytest.raises(ValueError):
        outer()
    backoff, giveup = events
    assert (backoff["amplification"], giveup["amplification"], giveup["reason"]) == (
        1,
        2,
        "max_tries",
    )
    assert list(backoff) == ["target", "args", "kwargs", "tries", "elapsed", "wait", "exception"]
    assert len(giveup) == len(giveup.copy()) == 6
    assert giveup == dict(giveup)


@pytest.mark.parametrize(("nested", "error"), [("never", ValueError), (None, TypeError)])
def test_another_word_for_nested_is_an_error_at_decoration(nested, error):
    with pytest.raises(error, match="nested must be 'allow' or 'once'"):
        retry(nested=nested)
