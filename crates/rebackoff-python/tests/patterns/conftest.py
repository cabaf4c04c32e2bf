"""Real servers for the patterns, and waits that are recorded instead of slept."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import rebackoff

EXAMPLES = Path(__file__).resolve().parents[4] / "examples" / "python"
sys.path.append(str(EXAMPLES))

from local.http_server import MisbehavingServer  # noqa: E402 - found by the path above
from local.postgres import PostgresServer  # noqa: E402 - found by the path above


@pytest.fixture(scope="session")
def server() -> Iterator[MisbehavingServer]:
    with MisbehavingServer() as running:
        yield running


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as running:
        yield running


@pytest.fixture
def no_jitter() -> Iterator[None]:
    """The calls of the examples wait what their strategies say."""
    with rebackoff.testing.no_jitter():
        yield


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were asked of `time.sleep` and `asyncio.sleep`; no time passes."""
    asked: list[float] = []
    let_others_run = asyncio.sleep

    async def sleep(seconds: float, result: object = None) -> object:
        if seconds > 0:
            asked.append(seconds)
        return await let_others_run(0, result)

    monkeypatch.setattr(time, "sleep", asked.append)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    return asked
