"""The breakers that processes share through Redis: one function for each, which returns a way to call.

Each opens after five failures, stays open for a second and makes one probe. A client waits 250 ms for Redis, as this
project's does.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

Target = Callable[[], None]
Call = Callable[[Target], None]
FAILURES, OPEN_FOR, PATIENCE = 5, 1.0, 0.25


class DownError(Exception):
    """The target is down."""


def _client(url: str):
    import redis

    return redis.Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)


def rebackoff(url: str) -> Call:
    import rebackoff as package

    fleet = package.Fleet(url)
    return guarded(
        package.Breaker(name="shop", consecutive=FAILURES, open_for=OPEN_FOR, shared=fleet)
    )


def guarded(breaker) -> Call:
    """Calls of a member whose breaker is given."""
    import rebackoff as package

    @package.on_exception(package.constant, DownError, max_tries=1, breaker=breaker)
    def call(target: Target) -> None:
        target()

    return call


def interlock_cb(url: str) -> Call:
    from interlock import CircuitBreaker, Config
    from interlock.integrations.redis import RedisStorage

    config = Config(
        minimum_number_of_calls=FAILURES,
        permitted_calls_in_half_open=1,
        wait_duration_in_open=OPEN_FOR,
    )
    breaker = CircuitBreaker(name="shop", config=config, storage=RedisStorage(_client(url)))
    return breaker.call_sync


def pybreaker(url: str) -> Call:
    import pybreaker as package

    storage = package.CircuitRedisStorage(package.STATE_CLOSED, _client(url), namespace="shop")
    breaker = package.CircuitBreaker(FAILURES, OPEN_FOR, state_storage=storage)
    return breaker.call


def nopanic_redis(url: str) -> Call:
    from nopanic_redis import redis_circuit_breaker

    breaker = redis_circuit_breaker(
        _client(url),
        name="shop",
        min_calls=FAILURES,
        reset_timeout=OPEN_FOR,
        half_open_max_calls=1,
    )

    @breaker
    def call(target: Target) -> None:
        target()

    return call


PEERS = {
    "rebackoff": rebackoff,
    "interlock-cb": interlock_cb,
    "pybreaker": pybreaker,
    "nopanic-redis": nopanic_redis,
}


def title(name: str) -> str:
    """The name of a peer with its version."""
    return f"{name} {version(name)}"
