"""asyncpg against a real PostgreSQL: serialisation failures, a deadlock, a server that is down."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
import rebackoff

pytestmark = pytest.mark.asyncio


async def accounts(pool):
    await pool.execute("DROP TABLE IF EXISTS accounts")
    await pool.execute("CREATE TABLE accounts (id int PRIMARY KEY, balance int)")
    await pool.execute("INSERT INTO accounts VALUES (1, 100), (2, 100)")


@rebackoff.on_exception(rebackoff.expo, asyncpg.PostgresError, max_tries=5, jitter=None)
async def query(pool, statement):
    async with pool.acquire() as connection:
        return await connection.fetch(statement)


async def test_a_query_goes_through_once_the_table_is_there(postgres, waits):
    async with asyncpg.create_pool(postgres.url, min_size=1, max_size=2) as pool:
        await pool.execute("DROP TABLE IF EXISTS late")

        async def create_after_second_failure(details):
            if details["tries"] == 2:
                await pool.execute("CREATE TABLE late AS SELECT 1 AS id")

        patient_query = rebackoff.on_exception(
            rebackoff.expo,
            asyncpg.PostgresError,
            max_tries=5,
            jitter=None,
            on_backoff=create_after_second_failure,
        )(query.__wrapped__)
        rows = await patient_query(pool, "SELECT id FROM late")

    assert [row["id"] for row in rows] == [1]
    assert waits == [1, 2]


async def test_a_query_that_never_works_gives_the_database_error_back(postgres, waits):
    async with asyncpg.create_pool(postgres.url, min_size=1, max_size=2) as pool:
        with pytest.raises(asyncpg.DivisionByZeroError):
            await query(pool, "SELECT 1 / 0")
    assert waits == [1, 2, 4, 8]


async def test_the_victim_of_a_deadlock_tries_again_and_both_transactions_are_done(postgres):
    both_hold_a_row = asyncio.Event()
    holders = []
    tries = {1: 0, 2: 0}

    async with asyncpg.create_pool(postgres.url, min_size=2, max_size=2) as pool:
        await accounts(pool)

        @rebackoff.on_exception(
            rebackoff.expo, asyncpg.DeadlockDetectedError, factor=0.005, max_tries=8
        )
        async def transfer(source, destination):
            tries[source] += 1
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute(
                    "UPDATE accounts SET balance = balance - 10 WHERE id = $1", source
                )
                holders.append(source)
                if len(holders) == 2:
                    both_hold_a_row.set()
                await both_hold_a_row.wait()
                await connection.execute(
                    "UPDATE accounts SET balance = balance + 10 WHERE id = $1", destination
                )

        await asyncio.wait_for(asyncio.gather(transfer(1, 2), transfer(2, 1)), 30)
        rows = await pool.fetch("SELECT balance FROM accounts ORDER BY id")

    assert max(tries.values()) > 1, "one of the two was the victim"
    assert [row["balance"] for row in rows] == [100, 100]


async def test_a_serialisation_failure_is_resolved_by_trying_again(postgres, waits):
    tries = []
    async with asyncpg.create_pool(postgres.url, min_size=2, max_size=2) as pool:
        await accounts(pool)

        @rebackoff.on_exception(
            rebackoff.expo, asyncpg.SerializationError, max_tries=3, jitter=None
        )
        async def withdraw(amount):
            tries.append(amount)
            async with (
                pool.acquire() as connection,
                connection.transaction(isolation="repeatable_read"),
            ):
                balance = await connection.fetchval("SELECT balance FROM accounts WHERE id = 1")
                if len(tries) == 1:
                    # someone else changes the row between the reading and the writing
                    await pool.execute("UPDATE accounts SET balance = 70 WHERE id = 1")
                await connection.execute(
                    "UPDATE accounts SET balance = $1 WHERE id = 1", balance - amount
                )

        await withdraw(20)
        assert await pool.fetchval("SELECT balance FROM accounts WHERE id = 1") == 50
    assert len(tries) == 2
    assert waits == [1]


async def test_a_connection_is_had_once_the_server_is_up(postgres, waits):
    postgres.stop()

    def start_after_second_failure(details):
        if details["tries"] == 2:
            postgres.start()

    @rebackoff.on_exception(
        rebackoff.expo,
        (OSError, asyncpg.PostgresError),
        max_tries=5,
        jitter=None,
        on_backoff=start_after_second_failure,
    )
    async def connect():
        return await asyncpg.connect(postgres.url)

    connection = await connect()
    try:
        assert await connection.fetchval("SELECT 6 * 7") == 42
    finally:
        await connection.close()
    assert waits == [1, 2]
