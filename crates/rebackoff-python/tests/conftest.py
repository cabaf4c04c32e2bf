"""Fixtures that the tests share: waits that are recorded instead of slept, and a target that fails on command."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
import rebackoff
from rebackoff._switches import _passed, switches


@pytest.fixture(autouse=True)
def no_skipped_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starts each test with a clock that no earlier test has put ahead."""
    monkeypatch.setattr(switches, "skipped", 0.0)
    monkeypatch.setattr(switches, "moves", False)
    _passed.set(0.0)


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were asked of `time.sleep` and `asyncio.sleep`, in order. No time passes."""
    asked: list[float] = []

    async def sleep(seconds: float) -> None:
        asked.append(seconds)

    monkeypatch.setattr(time, "sleep", asked.append)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    return asked


@pytest.fixture
def waits() -> Iterator[list[Any]]:
    """The seconds of the waits that the calls of a test skip."""
    with rebackoff.testing.no_wait() as waits:
        yield waits


class Flaky:
    """Fails `failures` times, then returns `value`. Counts its calls."""

    def __init__(
        self,
        failures: int,
        error: BaseException | type[BaseException] = ValueError,
        value: object = "done",
    ) -> None:
        self.failures, self.error, self.value = failures, error, value
        self.calls = 0

    def __call__(self, *args: object, **kwargs: object) -> object:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error
        return self.value


@pytest.fixture
def flaky() -> type[Flaky]:
    return Flaky


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clock that sleeping moves."""

    class Clock:
        now = 1000.0
        waits: list[float] = []

        def sleep(self, seconds: float) -> None:
            self.waits.append(seconds)
            self.now += seconds

        async def asleep(self, seconds: float, result: object = None) -> None:
            self.sleep(seconds)

    clock = Clock()
    clock.waits = []
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(time, "sleep", clock.sleep)
    monkeypatch.setattr(asyncio, "sleep", clock.asleep)
    return clock
