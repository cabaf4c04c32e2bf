"""Calls that fail once leave the process as large as it was, however many there are."""

import asyncio
import gc
import itertools
import logging
import os
import resource
import time

import pytest
import rebackoff

# scripts/test-long makes a million
MANY = int(os.environ.get("SOAK_ROUNDS", "2")) * 50_000
CALLS = WARM_UP = 50_000
ALLOWED_GROWTH = 1 << 20


@pytest.fixture(autouse=True)
def no_real_sleep(monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


@pytest.fixture(autouse=True)
def pytest_keeps_no_log_records():
    logger = logging.getLogger("backoff")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    yield
    logger.setLevel(before)


def test_calls_that_fail_once_leave_memory_flat():
    @rebackoff.on_exception(rebackoff.constant, ValueError, interval=0, jitter=None, max_tries=3)
    def fails_once(step):
        if next(step):
            raise ValueError("once")

    assert growth(lambda calls: repeat(fails_once, calls), MANY) < ALLOWED_GROWTH


@pytest.mark.parametrize(
    "options",
    [
        {"max_time": 60},
        {"on_backoff": lambda details: None},
        {"giveup": lambda error: False},
        {"jitter": rebackoff.full_jitter},
    ],
    ids=lambda options: next(iter(options)),
)
def test_options_leave_memory_flat(options):
    @rebackoff.on_exception(rebackoff.constant, ValueError, interval=0, **options)
    def fails_once(step):
        if next(step):
            raise ValueError("once")

    assert growth(lambda calls: repeat(fails_once, calls), CALLS) < ALLOWED_GROWTH


def test_giving_up_leaves_memory_flat():
    @rebackoff.on_exception(
        rebackoff.constant, ValueError, interval=0, jitter=None, max_tries=2, raise_on_giveup=False
    )
    def fails(step):
        raise ValueError("always")

    assert growth(lambda calls: repeat(fails, calls), CALLS) < ALLOWED_GROWTH


def test_polling_leaves_memory_flat():
    @rebackoff.on_predicate(rebackoff.constant, interval=0, jitter=None)
    def empty_once(step):
        return not next(step)

    assert growth(lambda calls: repeat(empty_once, calls), CALLS) < ALLOWED_GROWTH


def test_awaiting_leaves_memory_flat():
    @rebackoff.on_exception(rebackoff.constant, ValueError, interval=0, jitter=None)
    async def fails_once(step):
        if next(step):
            raise ValueError("once")

    async def calls(count):
        step = itertools.cycle((True, False))
        for _ in range(count):
            await fails_once(step)

    assert growth(lambda count: asyncio.run(calls(count)), CALLS) < ALLOWED_GROWTH


def test_decorating_leaves_memory_flat():
    def decorate(count):
        for _ in range(count):
            rebackoff.on_exception(rebackoff.expo, ValueError, max_tries=3, on_backoff=print)(
                lambda: None
            )

    assert growth(decorate, CALLS // 2) < ALLOWED_GROWTH


def repeat(fails_once, count):
    step = itertools.cycle((True, False))
    for _ in range(count):
        fails_once(step)


def growth(work, count):
    """By how many bytes the process grows while the work is done `count` times, the garbage collector being off."""
    gc.collect()
    gc.disable()
    try:
        work(min(count, WARM_UP))
        before = resident()
        work(count)
        return resident() - before
    finally:
        gc.enable()


def resident():
    """Resident memory in bytes; where the system does not tell, the most there ever was."""
    try:
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
