"""asyncpg and PostgreSQL: a query that is retried, a transaction that meets a conflict."""

import asyncio

import asyncpg
import rebackoff
from local.postgres import PostgresServer


def tell(details):
    print(f"  {details['target'].__name__}: {details['exception']}, waiting {details['wait']:.2f}s")


@rebackoff.on_exception(
    rebackoff.expo, asyncpg.PostgresError, factor=0.02, jitter=None, max_tries=8, on_backoff=tell
)
async def query(pool, statement):
    async with pool.acquire() as connection:
        return await connection.fetch(statement)


@rebackoff.on_exception(
    rebackoff.expo, asyncpg.SerializationError, factor=0.02, max_tries=10, on_backoff=tell
)
async def withdraw(pool, amount):
    async with pool.acquire() as connection, connection.transaction(isolation="serializable"):
        balance = await connection.fetchval("SELECT balance FROM account")
        await asyncio.sleep(0.01)
        await connection.execute("UPDATE account SET balance = $1", balance - amount)


async def use(url):
    async with asyncpg.create_pool(url, min_size=3, max_size=3) as pool:
        await pool.execute("DROP TABLE IF EXISTS account")

        async def create_later():
            await asyncio.sleep(0.02)
            await pool.execute("CREATE TABLE account AS SELECT 100 AS balance")

        _, rows = await asyncio.gather(create_later(), query(pool, "SELECT balance FROM account"))
        print("the query went through:", dict(rows[0]))

        await asyncio.gather(*(withdraw(pool, amount) for amount in (10, 20, 30)))
        balance = await pool.fetchval("SELECT balance FROM account")
        print("three withdrawals at once, none is lost:", balance)
        assert balance == 40


def main():
    with PostgresServer() as postgres:
        asyncio.run(use(postgres.url))


if __name__ == "__main__":
    main()
