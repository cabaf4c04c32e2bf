"""Fixtures that the tests share: waits that are recorded instead of slept, and a target that fails on command."""

from __future__ import annotations

import asyncio
import time

import pytest
from rebackoff import _switches


@pytest.fixture(autouse=True)
def no_skipped_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starts each test with a clock that no earlier test has put ahead."""
    monkeypatch.setattr(_switches, "skipped", 0.0)
    monkeypatch.setattr(_switches, "moves", False)
    _switches._passed.set(0.0)


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were asked of `time.sleep` and `asyncio.sleep`, in order. No time passes."""
    asked: list[float] = []

    async def sleep(seconds: float) -> None:
        asked.append(seconds)

    monkeypatch.setattr(time, "sleep", asked.append)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    return asked


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
