"""Strategies where they are used: an HTTP client, a database with two kinds of errors."""

from __future__ import annotations

import aiohttp
import psycopg
import pytest
from local.http_server import ok, status
from rebackoff.strategies import (
    AdaptiveRetry,
    ExponentialBackoff,
    ExponentialBackoffWithJitter,
    FixedBackoff,
    retry,
)


@pytest.mark.asyncio
@pytest.mark.parametrize("jitter_type", ["full", "equal", "decorrelated"])
async def test_an_http_client_is_retried_with_jitter(server, waits, jitter_type):
    url = server.url(status(503), status(503), status(503), ok({"rows": 7}))

    @retry(ExponentialBackoffWithJitter(max_attempts=5, jitter_type=jitter_type))
    async def fetch(url):
        async with aiohttp.ClientSession() as session:
            async with session.get(url) as response:
                response.raise_for_status()
                return await response.json()

    assert await fetch(url) == {"rows": 7}
    assert len(waits) == 3
    limits = {"full": [1, 2, 4], "equal": [1, 2, 4], "decorrelated": [3, 9, 27]}[jitter_type]
    assert all(0 < wait <= limit for wait, limit in zip(waits, limits, strict=True))


@pytest.mark.asyncio
async def test_a_database_is_retried_by_the_kind_of_its_error(postgres, waits):
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS users")
        connection.execute("CREATE TABLE users (id int PRIMARY KEY, name text)")
        connection.execute("INSERT INTO users VALUES (1, 'taken')")
    attempts = []
    postgres.stop()

    db_retry = AdaptiveRetry()
    db_retry.add_strategy(
        psycopg.OperationalError, ExponentialBackoff(max_attempts=5, initial_delay=0.1)
    )
    db_retry.add_strategy(psycopg.IntegrityError, FixedBackoff(max_attempts=4, delay=0.5))

    async def add_user(user_id, name):
        attempts.append(user_id)
        if len(attempts) == 3:
            postgres.start()
        async with await psycopg.AsyncConnection.connect(postgres.url) as connection:
            if len(attempts) == 4:
                await connection.execute("DELETE FROM users WHERE name = 'taken'")
            await connection.execute("INSERT INTO users VALUES (%s, %s)", (user_id, name))
            return name

    assert await db_retry.execute(add_user, 1, name="Ada") == "Ada"
    assert waits == [0.1, 0.2, 0.5], "down twice, then a conflict"
