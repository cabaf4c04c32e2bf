"""SQLAlchemy against a real PostgreSQL: a server that comes up late, and a real deadlock."""

from __future__ import annotations

import threading

import pytest
import rebackoff
import sqlalchemy
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError, TimeoutError
from sqlalchemy.orm import Session


@pytest.fixture
def engine(postgres):
    engine = sqlalchemy.create_engine(postgres.sqlalchemy_url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS accounts"))
        connection.execute(text("CREATE TABLE accounts (id int PRIMARY KEY, balance int)"))
        connection.execute(text("INSERT INTO accounts VALUES (1, 100), (2, 100)"))
    yield engine
    engine.dispose()


def connect(url):
    return sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool).connect()


def test_a_connection_is_had_once_the_server_is_up(postgres, waits):
    postgres.stop()

    def start_after_third_failure(details):
        if details["tries"] == 3:
            postgres.start()

    reliable_connect = rebackoff.on_exception(
        rebackoff.expo,
        (OperationalError, TimeoutError),
        max_tries=5,
        jitter=None,
        on_backoff=start_after_third_failure,
    )(connect)

    with reliable_connect(postgres.sqlalchemy_url) as connection:
        assert connection.scalar(text("SELECT 6 * 7")) == 42
    assert waits == [1, 2, 4]


def test_a_server_that_stays_down_gives_the_driver_error_back(postgres, waits):
    postgres.stop()
    reliable_connect = rebackoff.on_exception(
        rebackoff.expo, (OperationalError, TimeoutError), max_tries=5, max_time=30, jitter=None
    )(connect)

    try:
        with pytest.raises(OperationalError, match="[Cc]onnection refused"):
            reliable_connect(postgres.sqlalchemy_url)
    finally:
        postgres.start()
    assert waits[:3] == [1, 2, 4]
    assert len(waits) == 4


def is_deadlock(error):
    return getattr(error.orig, "sqlstate", None) == "40P01"


@rebackoff.on_exception(
    rebackoff.expo,
    DBAPIError,
    factor=0.005,
    giveup=lambda error: not is_deadlock(error),
    max_tries=8,
)
def execute_transaction(session, operation):
    try:
        result = operation(session)
        session.commit()
        return result
    except Exception:
        session.rollback()
        raise


def test_the_victim_of_a_deadlock_tries_again_and_both_transactions_are_done(engine):
    first_row_is_locked = threading.Barrier(2, timeout=10)
    tries = {"1 to 2": 0, "2 to 1": 0}
    errors = []

    def transfer(name, source, destination):
        def operation(session):
            tries[name] += 1
            session.execute(
                text("UPDATE accounts SET balance = balance - 10 WHERE id = :id"), {"id": source}
            )
            if tries[name] == 1:
                # both hold one row and now want the other's
                first_row_is_locked.wait()
            session.execute(
                text("UPDATE accounts SET balance = balance + 10 WHERE id = :id"),
                {"id": destination},
            )

        try:
            with Session(engine) as session:
                execute_transaction(session, operation)
        except Exception as error:
            errors.append(error)

    threads = [
        threading.Thread(target=transfer, args=("1 to 2", 1, 2)),
        threading.Thread(target=transfer, args=("2 to 1", 2, 1)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert errors == []
    assert max(tries.values()) > 1, "one of the two was the victim"
    with engine.connect() as connection:
        balances = connection.execute(text("SELECT balance FROM accounts ORDER BY id")).scalars()
        assert list(balances) == [100, 100]


def test_an_error_other_than_a_deadlock_is_rolled_back_and_raised_at_once(engine, waits):
    tries = []

    def operation(session):
        tries.append(1)
        session.execute(text("SELECT * FROM no_such_table"))

    with Session(engine) as session:
        with pytest.raises(ProgrammingError, match="no_such_table"):
            execute_transaction(session, operation)
        assert session.scalar(text("SELECT 1")) == 1, "the session is usable again"
    assert len(tries) == 1
    assert waits == []
