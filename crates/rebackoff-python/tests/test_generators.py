"""Generator functions are retried until their first item; after it, errors pass through."""

from __future__ import annotations

import asyncio
import gc
import inspect
import traceback
import weakref

import pytest
import rebackoff


def opening(failures, log):
    """A generator function that fails so often before its first item."""

    @rebackoff.on_exception(rebackoff.constant, ValueError, jitter=None, max_tries=3)
    def rows(*items):
        log.append("open")
        if log.count("open") <= failures:
            raise ValueError("not yet")
        try:
            for item in items:
                got = yield item
                if got is not None:
                    log.append(got)
        except KeyError:
            log.append("caught")
            yield "recovered"
        finally:
            log.append("closed")
        return "end"

    return rows


def test_a_generator_function_stays_one_and_runs_when_it_is_iterated():
    log = []
    rows = opening(0, log)
    assert inspect.isgeneratorfunction(rows)
    generator = rows(1)
    assert log == []
    assert list(generator) == [1]


def test_failures_before_the_first_item_are_retried(sleeps):
    log = []
    assert list(opening(2, log)(1, 2)) == [1, 2]
    assert log == ["open", "open", "open", "closed"]
    assert sleeps == [1, 1]


def test_giving_up_raises_out_of_the_iteration(sleeps):
    with pytest.raises(ValueError, match="not yet"):
        list(opening(9, [])(1))


def test_an_error_after_the_first_item_passes_through(sleeps):
    @rebackoff.on_exception(rebackoff.expo, ValueError)
    def rows():
        yield 1
        raise ValueError("too late")

    generator = rows()
    assert next(generator) == 1
    with pytest.raises(ValueError, match="too late"):
        next(generator)
    assert sleeps == []


def test_what_is_sent_thrown_and_returned_goes_through(sleeps):
    log = []
    generator = opening(1, log)(1, 2, 3)
    assert next(generator) == 1
    assert generator.send("sent") == 2
    assert generator.throw(KeyError()) == "recovered"
    with pytest.raises(StopIteration) as end:
        next(generator)
    assert end.value.value == "end"
    assert log == ["open", "open", "sent", "caught", "closed"]


def library_frames(error):
    return [
        frame.name
        for frame in traceback.extract_tb(error.__traceback__)
        if "rebackoff" in frame.filename and "tests" not in frame.filename
    ]


def test_errors_pass_one_frame_of_the_package_and_stay_in_no_cycle(sleeps):
    class Lost(Exception):
        pass

    @rebackoff.on_exception(rebackoff.expo, KeyError)
    def rows():
        got = yield 1
        got = got or (yield 2)
        raise Lost(got)

    steps = {
        "send": lambda generator: generator.send("x"),
        "next": lambda generator: next(generator),
        "throw": lambda generator: generator.throw(Lost()),
    }

    def use(first, then):
        generator = rows()
        next(generator)
        try:
            steps[first](generator)
            steps[then](generator)
        except Lost as error:
            return library_frames(error), weakref.ref(error), weakref.ref(generator)

    gc.disable()
    try:
        for first in steps:
            for then in steps:
                frames, error, generator = use(first, then)
                assert (frames, error(), generator()) == (["retry"], None, None)
    finally:
        gc.enable()


def test_closing_closes_the_target(sleeps):
    log = []
    generator = opening(0, log)(1, 2)
    next(generator)
    generator.close()
    assert log == ["open", "closed"]


def test_a_generator_without_items_is_a_success(sleeps):
    assert list(opening(1, [])()) == []


def aopening(failures, log):
    @rebackoff.on_exception(rebackoff.constant, ValueError, jitter=None, max_tries=3)
    async def rows(*items):
        log.append("open")
        if log.count("open") <= failures:
            raise ValueError("not yet")
        try:
            for item in items:
                got = yield item
                if got is not None:
                    log.append(got)
        except KeyError:
            log.append("caught")
            yield "recovered"
        finally:
            log.append("closed")

    return rows


async def collected(generator):
    return [item async for item in generator]


def test_an_async_generator_function_is_retried_until_its_first_item(sleeps):
    log = []
    rows = aopening(2, log)
    assert inspect.isasyncgenfunction(rows)
    assert asyncio.run(collected(rows(1, 2))) == [1, 2]
    assert log == ["open", "open", "open", "closed"]
    assert sleeps == [1, 1]
    with pytest.raises(ValueError, match="not yet"):
        asyncio.run(collected(aopening(9, [])(1)))
    assert asyncio.run(collected(aopening(1, [])())) == []


class Opened:
    """An object whose calls fail so often before their first item."""

    def __init__(self, failures):
        self.left = failures

    def fail(self):
        self.left -= 1
        if self.left >= 0:
            raise ValueError("not yet")


class Rows(Opened):
    def __call__(self):
        self.fail()
        yield 1


class AsyncRows(Opened):
    async def __call__(self):
        self.fail()
        yield 1


def test_an_object_whose_call_gives_a_generator_is_retried_until_its_first_item(sleeps):
    retry = rebackoff.on_exception(rebackoff.constant, ValueError, jitter=None)
    assert list(retry(Rows(2))()) == [1]
    assert asyncio.run(collected(retry(AsyncRows(2))())) == [1]
    assert sleeps == [1] * 4


def test_what_is_sent_and_thrown_goes_through_an_async_generator(sleeps):
    log = []

    async def use():
        generator = aopening(1, log)(1, 2, 3)
        assert await generator.__anext__() == 1
        assert await generator.asend("sent") == 2
        assert await generator.athrow(KeyError()) == "recovered"
        with pytest.raises(StopAsyncIteration):
            await generator.__anext__()

        closing = aopening(0, log)(1, 2)
        await closing.__anext__()
        await closing.aclose()

    asyncio.run(use())
    assert log == ["open", "open", "sent", "caught", "closed", "open", "closed"]


def test_an_error_after_the_first_item_of_an_async_generator_passes_through(sleeps):
    @rebackoff.on_exception(rebackoff.expo, ValueError)
    async def rows():
        yield 1
        raise ValueError("too late")

    with pytest.raises(ValueError, match="too late"):
        asyncio.run(collected(rows()))
    assert sleeps == []
