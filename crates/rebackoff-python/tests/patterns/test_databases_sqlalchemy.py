"""SQLAlchemy against a real PostgreSQL: a server that comes up late, and a real deadlock."""

from __future__ import annotations

import databases_sqlalchemy as example
import pytest
import sqlalchemy
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session


@pytest.fixture
def engine(postgres):
    engine = sqlalchemy.create_engine(postgres.sqlalchemy_url)
    yield engine
    engine.dispose()


@pytest.mark.usefixtures("no_jitter")
def test_a_connection_is_had_once_the_server_is_up(postgres, waits):
    engine = example.connect_while_the_server_starts(postgres)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 6 * 7")) == 42
    engine.dispose()
    assert waits == [0.05, 0.1]


@pytest.mark.usefixtures("no_jitter")
def test_a_server_that_stays_down_gives_the_driver_error_back(postgres, engine, waits):
    postgres.stop()
    try:
        with pytest.raises(OperationalError, match="[Cc]onnection refused"):
            example.connect.retry_with(max_tries=5)(engine)
    finally:
        postgres.start()
    assert waits == [0.05, 0.1, 0.2, 0.4]


def test_the_victim_of_a_deadlock_tries_again_and_both_transactions_are_done(engine, capsys):
    example.make_accounts(engine)
    example.transfer_both_ways_at_once(engine)
    assert "deadlock: rolled back" in capsys.readouterr().out, "one of the two was the victim"
    assert example.balances_of(engine) == [100, 100]


def test_an_error_other_than_a_deadlock_is_rolled_back_and_raised_at_once(engine, waits):
    tries = []

    def operation(session):
        tries.append(1)
        session.execute(text("SELECT * FROM no_such_table"))

    with Session(engine) as session:
        with pytest.raises(ProgrammingError, match="no_such_table"):
            example.execute_transaction(session, operation)
        assert session.scalar(text("SELECT 1")) == 1, "the session is usable again"
    assert len(tries) == 1
    assert waits == []
