"""`last_wait`: what happens to a wait that would end past `max_time`."""

from __future__ import annotations

import asyncio
import time

import pytest
import rebackoff


@pytest.fixture
def clock(monkeypatch):
    """Time passes by sleeping alone; the list of the sleeps."""
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr(time, "monotonic", lambda: sum(slept, 0.0))
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    return slept


def decorator(reasons, **options):
    return rebackoff.on_exception(
        rebackoff.constant(4),
        ValueError,
        jitter=None,
        max_time=10,
        on_giveup=lambda details: reasons.append((details["tries"], details["reason"])),
        **options,
    )


def test_the_last_wait_is_shortened_unless_told_otherwise(clock, flaky):
    reasons = []
    for options in ({}, {"last_wait": "shorten"}):
        clock.clear()
        with pytest.raises(ValueError):
            decorator(reasons, **options)(flaky(9))()
        assert clock == [4, 4, 2]
    assert reasons == [(4, "max_time"), (4, "max_time")]


def test_stop_gives_up_before_a_wait_that_would_end_past_max_time(clock, flaky):
    reasons = []
    with pytest.raises(ValueError):
        decorator(reasons, last_wait="stop")(flaky(9))()
    assert clock == [4, 4]
    assert reasons == [(3, "max_time")]


def test_stop_holds_for_coroutine_functions(clock, flaky):
    reasons, target = [], flaky(9)

    @decorator(reasons, last_wait="stop")
    async def fetch():
        return target()

    with pytest.raises(ValueError):
        asyncio.run(fetch())
    assert (clock, reasons) == ([4, 4], [(3, "max_time")])


def test_stop_holds_for_predicates_and_contexts(clock):
    poll = rebackoff.on_predicate(
        rebackoff.constant(4), jitter=None, max_time=10, last_wait="stop"
    )(lambda: None)
    assert poll() is None
    assert clock == [4, 4]
    clock.clear()
    with pytest.raises(ValueError):
        for attempt in rebackoff.retry_context(
            ValueError, rebackoff.constant(4), jitter=None, max_time=10, last_wait="stop"
        ):
            with attempt:
                raise ValueError
    assert clock == [4, 4]


def test_without_max_time_stop_stops_nothing(clock, flaky):
    target = flaky(5)
    rebackoff.on_exception(rebackoff.constant(4), ValueError, jitter=None, last_wait="stop")(
        target
    )()
    assert clock == [4] * 5


@pytest.mark.parametrize(
    ("wrong", "error"), [("short", ValueError), (None, TypeError), (True, TypeError)]
)
@pytest.mark.parametrize(
    "decorate",
    [
        lambda **options: rebackoff.on_exception(rebackoff.expo, ValueError, **options),
        lambda **options: rebackoff.on_predicate(rebackoff.expo, **options),
        lambda **options: rebackoff.retry_context(ValueError, **options),
        lambda **options: rebackoff.aretry_context(ValueError, **options),
    ],
)
def test_anything_else_is_an_error_at_decoration(decorate, wrong, error):
    with pytest.raises(error, match=f"last_wait must be 'shorten' or 'stop', but it is {wrong!r}"):
        decorate(last_wait=wrong)
