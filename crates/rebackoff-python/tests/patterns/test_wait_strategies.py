"""Wait strategies and jitter: what the example prints, and two functions with one configured strategy."""

from __future__ import annotations

import pytest
import rebackoff
import wait_strategies


def test_the_waits_of_each_strategy(capsys):
    wait_strategies.main()
    shown = dict(line.split("  ", 1) for line in capsys.readouterr().out.splitlines())
    found = {name: [float(wait) for wait in waits.split()] for name, waits in shown.items()}
    assert {name: waits for name, waits in found.items() if "jitter" not in name} == {
        "expo": [1, 2, 4, 8, 16, 32],
        "expo, capped": [1, 2, 4, 8, 10, 10],
        "expo(base=2, factor=0.5)": [0.5, 1, 2, 4, 8, 16],
        "fibo": [1, 1, 2, 3, 5, 8],
        "constant(interval=0.01)": [0.01] * 6,
        "constant, then no more": [1, 5, 25],
        "decay": [10, 3.68, 1.35, 0.5, 0.18, 0.07],
    }
    for raw, full, random in zip(
        found["expo"], found["expo, full jitter"], found["expo, random jitter"], strict=True
    ):
        assert 0 <= full <= raw <= random <= raw + 1


@pytest.mark.asyncio
async def test_functions_of_every_kind_share_a_configured_strategy(waits):
    shared = rebackoff.expo(base=2, factor=0.5)
    values = iter([None, None, "done"])
    assert rebackoff.on_predicate(shared, jitter=None)(lambda: next(values))() == "done"

    @rebackoff.on_exception(shared, ConnectionError, max_tries=3, jitter=None)
    async def call():
        raise ConnectionError("down")

    with pytest.raises(ConnectionError):
        await call()
    assert waits == [0.5, 1] * 2
