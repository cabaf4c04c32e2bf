"""SQLAlchemy and PostgreSQL: wait for a server that is down, try again after a deadlock."""

import threading

import rebackoff
import sqlalchemy
from local.postgres import PostgresServer
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session


def is_deadlock(error):
    return getattr(error.orig, "sqlstate", None) == "40P01"


@rebackoff.on_exception(
    rebackoff.expo,
    DBAPIError,
    factor=0.01,
    giveup=lambda error: not is_deadlock(error),
    max_tries=8,
    on_backoff=lambda details: print("  deadlock: rolled back, the transaction is tried again"),
)
def execute_transaction(session, operation):
    try:
        result = operation(session)
        session.commit()
        return result
    except Exception:
        session.rollback()
        raise


@rebackoff.on_exception(
    rebackoff.expo,
    OperationalError,
    factor=0.05,
    max_time=30,
    on_success=lambda details: print(f"connected on try {details['tries']}"),
)
def connect(engine):
    return engine.connect()


def connect_while_the_server_starts(postgres):
    postgres.stop()
    engine = sqlalchemy.create_engine(postgres.sqlalchemy_url)
    connect_late = connect.retry_with(
        on_backoff=lambda details: postgres.start() if details["tries"] == 2 else None
    )
    connect_late(engine).close()
    return engine


def make_accounts(engine):
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS accounts"))
        connection.execute(text("CREATE TABLE accounts (id int PRIMARY KEY, balance int)"))
        connection.execute(text("INSERT INTO accounts VALUES (1, 100), (2, 100)"))


def balances_of(engine):
    with engine.connect() as connection:
        return list(connection.scalars(text("SELECT balance FROM accounts ORDER BY id")))


def transfer_both_ways_at_once(engine):
    first_row_is_locked = threading.Barrier(2, timeout=10)

    def transfer(source, destination):
        first_time = True

        def operation(session):
            nonlocal first_time
            add = text("UPDATE accounts SET balance = balance + :amount WHERE id = :id")
            session.execute(add, {"amount": -10, "id": source})
            if first_time:
                first_time = False
                first_row_is_locked.wait()
            session.execute(add, {"amount": 10, "id": destination})

        with Session(engine) as session:
            execute_transaction(session, operation)

    threads = [threading.Thread(target=transfer, args=accounts) for accounts in [(1, 2), (2, 1)]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main():
    with PostgresServer() as postgres:
        engine = connect_while_the_server_starts(postgres)
        make_accounts(engine)
        transfer_both_ways_at_once(engine)
        balances = balances_of(engine)
        engine.dispose()
        print("both transfers are done, the balances are", balances)
        assert balances == [100, 100]


if __name__ == "__main__":
    main()
