"""Runs an installed package without its repository: the engine, both names of import, and the simulator."""

import asyncio

import backoff
import rebackoff
import rebackoff.testing

calls = []


@rebackoff.on_exception(rebackoff.Policy("expo", max_tries=3), OSError)
def fetch():
    calls.append("blocking")
    if len(calls) < 3:
        raise OSError
    return len(calls)


@backoff.on_exception(backoff.expo, OSError, max_tries=2)
async def fetch_later():
    calls.append("async")
    raise OSError


with rebackoff.testing.no_wait():
    assert fetch() == 3
    try:
        asyncio.run(fetch_later())
    except OSError:
        assert calls[3:] == ["async", "async"]
    else:
        raise AssertionError("the target's error did not come back")

figures = rebackoff.simulate(
    {
        "duration": "10s",
        "load": {"rate": 10},
        "server": {"api": {"workers": 1, "service": "1ms"}},
    }
)
assert figures["success_rate"] == 1.0
assert backoff.on_exception is rebackoff.on_exception
