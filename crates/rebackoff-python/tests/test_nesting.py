"""Calls inside the tries of others: they see their deadlines and their number."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
import time
import types
import weakref
from datetime import timedelta

import pytest
import rebackoff
from rebackoff import telemetry


@pytest.fixture
def clock(monkeypatch):
    """A clock that sleeping moves."""

    class Clock:
        now = 1000.0

        def sleep(self, seconds):
            self.now += seconds

        async def asleep(self, seconds, result=None):
            self.now += seconds

    clock = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(time, "sleep", clock.sleep)
    monkeypatch.setattr(asyncio, "sleep", clock.asleep)
    return clock


def retry(**options):
    options = {"interval": 1, "jitter": None, "logger": None, **options}
    return rebackoff.on_exception(rebackoff.constant, ValueError, **options)


def sync_exception(target, **options):
    return retry(**options)(target)


def sync_predicate(target, **options):
    def call():
        try:
            return target()
        except ValueError:
            return None

    options = {"interval": 1, "jitter": None, "logger": None, **options}
    decorated = rebackoff.on_predicate(rebackoff.constant, lambda value: value is None, **options)(
        call
    )

    def raising():
        value = decorated()
        if value is None:
            raise ValueError
        return value

    return raising


def asynchronous(target, **options):
    async def call():
        return target()

    decorated = retry(**options)(call)
    return lambda: asyncio.run(decorated())


def async_predicate(target, **options):
    async def call():
        try:
            return target()
        except ValueError:
            return None

    options = {"interval": 1, "jitter": None, "logger": None, **options}
    decorated = rebackoff.on_predicate(rebackoff.constant, lambda value: value is None, **options)(
        call
    )

    def raising():
        value = asyncio.run(decorated())
        if value is None:
            raise ValueError
        return value

    return raising


def generator(target, **options):
    def items():
        yield target()

    decorated = retry(**options)(items)
    return lambda: next(decorated())


def async_generator(target, **options):
    async def items():
        yield target()

    decorated = retry(**options)(items)

    async def first():
        async for item in decorated():
            return item

    return lambda: asyncio.run(first())


def context(target, **options):
    options = {"interval": 1, "jitter": None, "logger": None, **options}

    def call():
        value = None
        for attempt in rebackoff.retry_context(ValueError, rebackoff.constant, **options):
            with attempt:
                value = target()
        return value

    return call


def async_context(target, **options):
    options = {"interval": 1, "jitter": None, "logger": None, **options}

    async def call():
        value = None
        async for attempt in rebackoff.aretry_context(ValueError, rebackoff.constant, **options):
            with attempt:
                value = target()
        return value

    return lambda: asyncio.run(call())


BLOCKING = [sync_exception, sync_predicate, generator, context]
ALL = [*BLOCKING, asynchronous, async_predicate, async_generator, async_context]
outermost = pytest.mark.parametrize("outer", ALL)
innermost = pytest.mark.parametrize("inner", BLOCKING)


def fail():
    raise ValueError


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


# Nesting


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


# Limits on each try


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
