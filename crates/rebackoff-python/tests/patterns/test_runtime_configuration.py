"""Options that are looked up when the function is called, not when it is decorated."""

from __future__ import annotations

import functools

import pytest
import rebackoff


class Settings:
    max_tries = 5
    max_time = 60.0


def always_down():
    raise ConnectionError("down")


def test_limits_follow_the_settings_from_call_to_call(waits):
    settings = Settings()
    call = rebackoff.on_exception(
        rebackoff.expo,
        ConnectionError,
        max_time=lambda: settings.max_time,
        max_tries=lambda: settings.max_tries,
        jitter=None,
    )(always_down)

    with pytest.raises(ConnectionError):
        call()
    assert waits == [1, 2, 4, 8]

    waits.clear()
    settings.max_tries = 2
    with pytest.raises(ConnectionError):
        call()
    assert waits == [1]

    waits.clear()
    settings.max_tries, settings.max_time = 9, 0.0
    with pytest.raises(ConnectionError):
        call()
    assert waits == [], "no time, no retry"


def test_a_partial_looks_up_limits_and_keywords_of_the_wait_strategy(waits):
    config = {}

    def option(name):
        return functools.partial(config.get, name)

    call = rebackoff.on_exception(
        rebackoff.expo,
        ConnectionError,
        max_value=option("BACKOFF_MAX_VALUE"),
        max_tries=option("BACKOFF_MAX_TRIES"),
        jitter=None,
    )(always_down)

    config.update(BACKOFF_MAX_VALUE=3, BACKOFF_MAX_TRIES=5)
    with pytest.raises(ConnectionError):
        call()
    assert waits == [1, 2, 3, 3]

    waits.clear()
    config.update(BACKOFF_MAX_VALUE=None, BACKOFF_MAX_TRIES=4)
    with pytest.raises(ConnectionError):
        call()
    assert waits == [1, 2, 4]


@pytest.mark.asyncio
async def test_it_is_the_same_for_asynchronous_functions(waits):
    config = {"tries": 3}

    @rebackoff.on_exception(
        rebackoff.constant,
        ConnectionError,
        interval=lambda: 0.25,
        max_tries=lambda: config["tries"],
        jitter=None,
    )
    async def call():
        raise ConnectionError("down")

    with pytest.raises(ConnectionError):
        await call()
    assert waits == [0.25, 0.25]
