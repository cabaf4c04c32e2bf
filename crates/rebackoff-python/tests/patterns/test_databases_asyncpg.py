"""asyncpg against a real PostgreSQL: a deadlock, a server that is down. The example meets a serialisation failure."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
import rebackoff
from databases_asyncpg import query

pytestmark = pytest.mark.asyncio


async def test_a_query_that_never_works_gives_the_database_error_back(postgres, waits):
    async with asyncpg.create_pool(postgres.url, min_size=1, max_size=2) as pool:
        with pytest.raises(asyncpg.DivisionByZeroError):
            await query(pool, "SELECT 1 / 0")
    assert waits == [0.02 * 2**n for n in range(7)]


async def test_the_victim_of_a_deadlock_tries_again_and_both_transactions_are_done(postgres):
    both_hold_a_row = asyncio.Event()
    holders = []
    tries = {1: 0, 2: 0}

    async with asyncpg.create_pool(postgres.url, min_size=2, max_size=2) as pool:
        await pool.execute("DROP TABLE IF EXISTS accounts")
        await pool.execute("CREATE TABLE accounts (id int PRIMARY KEY, balance int)")
        await pool.execute("INSERT INTO accounts VALUES (1, 100), (2, 100)")

        @rebackoff.on_exception(
            rebackoff.expo, asyncpg.DeadlockDetectedError, factor=0.005, max_tries=8
        )
        async def transfer(source, destination):
            tries[source] += 1
            async with pool.acquire() as connection, connection.transaction():
                add = "UPDATE accounts SET balance = balance + $2 WHERE id = $1"
                await connection.execute(add, source, -10)
                holders.append(source)
                if len(holders) == 2:
                    both_hold_a_row.set()
                await both_hold_a_row.wait()
                await connection.execute(add, destination, 10)

        await asyncio.wait_for(asyncio.gather(transfer(1, 2), transfer(2, 1)), 30)
        rows = await pool.fetch("SELECT balance FROM accounts ORDER BY id")

    assert max(tries.values()) > 1, "one of the two was the victim"
    assert [row["balance"] for row in rows] == [100, 100]


async def test_a_connection_is_had_once_the_server_is_up(postgres, waits):
    postgres.stop()

    @rebackoff.on_exception(
        rebackoff.expo,
        (OSError, asyncpg.PostgresError),
        max_tries=5,
        jitter=None,
        on_backoff=lambda details: postgres.start() if details["tries"] == 2 else None,
    )
    async def connect():
        return await asyncpg.connect(postgres.url)

    connection = await connect()
    try:
        assert await connection.fetchval("SELECT 6 * 7") == 42
    finally:
        await connection.close()
    assert waits == [1, 2]
