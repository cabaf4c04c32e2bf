"""Wait strategies and jitter, named or configured beforehand: `expo` and `expo(base=2, factor=0.5)`."""

from __future__ import annotations

import pytest
import rebackoff


def always_down():
    raise ConnectionError("down")


def waits_of(waits, wait_gen, *, max_tries=6, jitter=None, **keywords):
    """The waits of one call that fails for ever."""
    waits.clear()
    call = rebackoff.on_exception(
        wait_gen, ConnectionError, max_tries=max_tries, jitter=jitter, **keywords
    )(always_down)
    with pytest.raises(ConnectionError):
        call()
    return list(waits)


@pytest.mark.parametrize(
    ("wait_gen", "keywords", "expected"),
    [
        (rebackoff.expo, {}, [1, 2, 4, 8, 16]),
        (rebackoff.expo, {"base": 3, "factor": 0.5, "max_value": 10}, [0.5, 1.5, 4.5, 10, 10]),
        (rebackoff.fibo, {}, [1, 1, 2, 3, 5]),
        (rebackoff.fibo, {"max_value": 3}, [1, 1, 2, 3, 3]),
        (rebackoff.constant, {}, [1, 1, 1, 1, 1]),
        (rebackoff.constant, {"interval": 0.01}, [0.01] * 5),
        (rebackoff.constant, {"interval": [1, 5, 25]}, [1, 5, 25]),
    ],
)
def test_a_named_strategy_takes_its_keywords_from_the_decorator(
    waits, wait_gen, keywords, expected
):
    assert waits_of(waits, wait_gen, **keywords) == expected


@pytest.mark.parametrize(
    ("configured", "expected"),
    [
        (rebackoff.expo(base=2, factor=0.5), [0.5, 1, 2, 4, 8]),
        (rebackoff.expo(base=2, factor=1), [1, 2, 4, 8, 16]),
        (rebackoff.expo(max_value=4), [1, 2, 4, 4, 4]),
        (rebackoff.constant(interval=2), [2, 2, 2, 2, 2]),
        (rebackoff.constant(interval=0.01), [0.01] * 5),
        (rebackoff.fibo(max_value=3), [1, 1, 2, 3, 3]),
    ],
)
def test_a_configured_strategy_is_accepted_and_starts_afresh_on_each_call(
    waits, configured, expected
):
    call = rebackoff.on_exception(configured, ConnectionError, max_tries=6, jitter=None)(
        always_down
    )
    for _ in range(2):
        waits.clear()
        with pytest.raises(ConnectionError):
            call()
        assert waits == expected


def test_a_configured_strategy_polls_too(waits):
    values = iter([None, None, "done"])
    poll = rebackoff.on_predicate(rebackoff.constant(interval=0.01), jitter=None)(
        lambda: next(values)
    )
    assert poll() == "done"
    assert waits == [0.01, 0.01]


@pytest.mark.asyncio
async def test_a_configured_strategy_serves_asynchronous_functions(waits):
    @rebackoff.on_exception(
        rebackoff.expo(base=2, factor=0.5), ConnectionError, max_tries=3, jitter=None
    )
    async def call():
        raise ConnectionError("down")

    with pytest.raises(ConnectionError):
        await call()
    assert waits == [0.5, 1]


def test_two_functions_may_share_a_configured_strategy(waits):
    shared = rebackoff.expo(base=2, factor=0.5)
    assert waits_of(waits, shared, max_tries=3) == [0.5, 1]
    assert waits_of(waits, shared, max_tries=4) == [0.5, 1, 2]


def test_jitter_is_full_by_default(waits):
    seen = [waits_of(waits, rebackoff.constant, jitter=rebackoff.full_jitter) for _ in range(40)]
    flat = [wait for call in seen for wait in call]
    assert all(0 <= wait <= 1 for wait in flat)
    assert min(flat) < 0.25 < 0.75 < max(flat)


def test_random_jitter_adds_up_to_a_second(waits):
    seen = waits_of(waits, rebackoff.expo, jitter=rebackoff.random_jitter)
    assert all(raw <= wait < raw + 1 for raw, wait in zip([1, 2, 4, 8, 16], seen, strict=True))


def test_jitter_may_be_a_function_of_the_callers_own(waits):
    assert waits_of(waits, rebackoff.expo, jitter=lambda wait: wait / 4) == [0.25, 0.5, 1, 2, 4]


def test_max_time_shortens_the_last_wait_and_then_tries_once_more(monkeypatch):
    now = [0.0]
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.sleep", sleep)
    tries = []

    @rebackoff.on_exception(rebackoff.expo, ConnectionError, max_time=10, jitter=None)
    def call():
        tries.append(now[0])
        raise ConnectionError("down")

    with pytest.raises(ConnectionError):
        call()
    assert slept == [1, 2, 4, 3]
    assert tries == [0, 1, 3, 7, 10]
