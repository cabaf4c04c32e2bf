"""References are balanced: a debug build of CPython counts them all, of which `scripts/test-python` uses what it finds."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys

import pytest
import rebackoff

CALLS = 2000
FEW = 100  # caches of the interpreter and of `logging` fill up meanwhile

OPTIONS = {"jitter": None, "logger": None}
WAITS = {"wait_gen": rebackoff.constant, "interval": 0}


class Fails:
    """Fails every second time it is called."""

    def __init__(self):
        self.calls = 0

    def __call__(self, *args, **kwargs):
        self.calls += 1
        if self.calls % 2:
            raise ValueError(args, kwargs)
        return self.calls


def once(count):
    call = rebackoff.on_exception(exception=ValueError, **WAITS, **OPTIONS)(Fails())
    for n in range(count):
        call(n, key=n)


def with_everything(count):
    logger = logging.Logger("kept here")
    logger.addHandler(logging.NullHandler())
    call = rebackoff.on_exception(
        rebackoff.expo(factor=0),
        ValueError,
        max_tries=lambda: 3,
        max_time=60,
        logger=logger,
        giveup=lambda error: False,
        hint=lambda error: 0,
        on_try=len,
        on_success=[len, len],
        on_backoff=len,
    )(Fails())
    for n in range(count):
        call(n)


def giving_up(count):
    told = []
    call = rebackoff.on_exception(
        exception=ValueError, max_tries=2, on_giveup=told.append, **WAITS, **OPTIONS
    )(Fails().__call__)
    always = rebackoff.on_exception(exception=ValueError, max_tries=2, **WAITS, **OPTIONS)(int)
    for n in range(count):
        call(n)
        with pytest.raises(ValueError):
            always("no number")
        told.clear()


def polling(count):
    answers = iter(range(10 * count))
    call = rebackoff.on_predicate(predicate=lambda n: n % 2, **WAITS, **OPTIONS)(
        lambda: next(answers)
    )
    for _ in range(count):
        call()


def in_contexts(count):
    target = Fails()
    for _ in range(count):
        for attempt in rebackoff.retry_context(ValueError, **WAITS, **OPTIONS):
            with attempt:
                target()


def in_generators(count):
    target = Fails()

    @rebackoff.on_exception(exception=ValueError, **WAITS, **OPTIONS)
    def rows():
        yield target()
        yield 2

    for _ in range(count):
        list(rows())


def in_tasks(count):
    target = Fails()

    async def told(details):
        await asyncio.sleep(0)

    @rebackoff.on_exception(exception=ValueError, on_backoff=told, **WAITS, **OPTIONS)
    async def fetch(n):
        return target(n)

    async def calls():
        for n in range(count):
            await fetch(n)
            async for attempt in rebackoff.aretry_context(ValueError, **WAITS, **OPTIONS):
                with attempt:
                    target()

    asyncio.run(calls())


def decorating(count):
    for _ in range(count):
        rebackoff.on_exception(rebackoff.expo, ValueError, max_tries=3, on_backoff=print)(Fails())


if hasattr(sys, "gettotalrefcount"):

    @pytest.mark.parametrize(
        "work",
        [
            once,
            with_everything,
            giving_up,
            polling,
            in_contexts,
            in_generators,
            in_tasks,
            decorating,
        ],
    )
    def test_no_reference_is_kept_or_lost(work):
        work(FEW)
        gc.collect()
        before = sys.gettotalrefcount()
        work(CALLS)
        gc.collect()
        assert abs(sys.gettotalrefcount() - before) < CALLS // 10
