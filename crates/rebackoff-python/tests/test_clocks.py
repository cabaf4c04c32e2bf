"""The clocks that tests of programs put in place of the system's: of loops, trio, freezegun and time-machine."""

from __future__ import annotations

import asyncio
import datetime
import sys
import time

import freezegun
import pytest
import rebackoff
import time_machine
import trio
import trio.testing


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time moves on by the waits of its tasks."""

    now = 1000.0

    def time(self):
        return self.now

    def call_at(self, when, callback, *args, context=None):
        self.now = max(self.now, when)
        return super().call_at(when, callback, *args, context=context)


def failing():
    """A coroutine function that fails until its 20 seconds are over, and the details of its end."""
    ends = []

    @rebackoff.on_exception(
        rebackoff.constant(7), ValueError, jitter=None, max_time=20, on_giveup=ends.append
    )
    async def fail():
        raise ValueError

    return fail, ends


def test_limits_follow_the_clock_of_the_running_loop():
    fail, ends = failing()

    async def main():
        with pytest.raises(ValueError):
            await fail()
        with rebackoff.deadline(60):
            asyncio.get_running_loop().now += 20
            return rebackoff.remaining()

    loop = VirtualLoop()
    try:
        assert loop.run_until_complete(main()) == 40
        assert loop.now == 1040
    finally:
        loop.close()
    assert ends[0]["elapsed"] == 20 and ends[0]["tries"] == 4


@pytest.mark.parametrize("hook", [None, lambda generator: None, [].append])
def test_limits_follow_the_clock_of_a_loop_whose_hooks_were_replaced(hook):
    fail, ends = failing()

    async def main():
        sys.set_asyncgen_hooks(firstiter=hook)
        for _ in range(2):
            with pytest.raises(ValueError):
                await fail()

    loop = VirtualLoop()
    try:
        loop.run_until_complete(main())
    finally:
        loop.close()
    assert [details["elapsed"] for details in ends] == [20, 20]


@pytest.mark.parametrize("has_real_loop", [False, True])
def test_freezegun_drives_the_limits_of_tasks_whatever_time_their_loop_has(has_real_loop):
    tries = []
    with freezegun.freeze_time("2020-01-01", real_asyncio=has_real_loop) as frozen:

        @rebackoff.on_exception(rebackoff.constant(0), OSError, jitter=None, max_time=12)
        async def fail():
            tries.append(1)
            frozen.tick(5 if len(tries) < 9 else 1e6)
            raise OSError

        assert asyncio.run(fail.outcome()).elapsed == 15
    assert len(tries) == 3


def test_a_loop_whose_time_is_patched_drives_limits(monkeypatch):
    async def main():
        loop = asyncio.get_running_loop()
        with rebackoff.deadline(60):
            start = loop.time()
            monkeypatch.setattr(loop, "time", lambda: start + 20)
            left = rebackoff.remaining()
            monkeypatch.undo()
            return left

    assert asyncio.run(main()) == pytest.approx(40, abs=1)


def test_limits_follow_trios_mock_clock():
    fail, ends = failing()

    async def main():
        with pytest.raises(ValueError):
            await fail()

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    assert ends[0]["elapsed"] == pytest.approx(20) and ends[0]["tries"] == 4


def test_loops_with_the_systems_clock_read_time_monotonic(monkeypatch):
    readings = iter([100.0, 160.0])

    async def main():
        with rebackoff.deadline(80):
            return rebackoff.remaining()

    async def patched():
        monkeypatch.setattr(time, "monotonic", lambda: next(readings))
        left = await main()
        monkeypatch.undo()
        return left

    assert trio.run(patched) == 20
    assert asyncio.run(main()) == pytest.approx(80, abs=1)


def tick_by_time_machine(traveller, seconds):
    traveller.shift(seconds)


def tick_by_freezegun(frozen, seconds):
    frozen.tick(seconds)


@pytest.mark.parametrize(
    ("travel", "tick"),
    [
        (
            lambda: time_machine.travel(datetime.datetime(2024, 1, 1), tick=False),
            tick_by_time_machine,
        ),
        (lambda: freezegun.freeze_time("2024-01-01"), tick_by_freezegun),
    ],
    ids=["time-machine", "freezegun"],
)
def test_tools_that_move_the_time_drive_max_time(travel, tick, sleeps):
    ends = []
    for _ in range(2):
        with travel() as tool:

            def target():
                tick(tool, 7)
                raise ValueError

            call = rebackoff.on_exception(
                rebackoff.constant(0), ValueError, max_time=20, jitter=None, on_giveup=ends.append
            )
            with pytest.raises(ValueError):
                call(target)()
    assert [(end["tries"], end["elapsed"]) for end in ends] == [(3, 21)] * 2
