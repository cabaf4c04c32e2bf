"""Options that are looked up when the function is called, not when it is decorated."""

from __future__ import annotations

import pytest
import rebackoff
import runtime_configuration


@pytest.fixture
def config(monkeypatch):
    for name, value in runtime_configuration.config.items():
        monkeypatch.setitem(runtime_configuration.config, name, value)
    return runtime_configuration.config


def test_limits_follow_the_settings_from_call_to_call(waits, config, no_jitter):
    call = rebackoff.retry_with(runtime_configuration.call, raise_on_giveup=True)

    with pytest.raises(ConnectionError):
        call()
    assert waits == [0.01]

    waits.clear()
    config["max_tries"], config["max_value"] = 5, 0.03
    with pytest.raises(ConnectionError):
        call()
    assert waits == [0.01, 0.02, 0.03, 0.03]

    waits.clear()
    config["max_time"] = 0
    with pytest.raises(ConnectionError):
        call()
    assert waits == [], "no time, no retry"


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
