"""After the last try: a fallback instead of an error, an exception of the caller's own."""

from __future__ import annotations

import pytest
import rebackoff
import requests
from local.http_server import ok, reset, status
from requests.exceptions import RequestException


@rebackoff.on_exception(
    rebackoff.expo, RequestException, max_tries=3, raise_on_giveup=False, jitter=None
)
def optional(url):
    response = requests.get(url, timeout=5)
    response.raise_for_status()
    return response.json()


def test_an_optional_call_that_gives_up_is_none_and_the_cache_takes_over(server, waits):
    url = server.url(status(503), reset(), status(500), ok("too late"))
    cache = {url: "yesterday's"}

    assert (optional(url) or cache[url]) == "yesterday's"
    assert waits == [1, 2]


def test_an_optional_call_that_recovers_needs_no_cache(server, waits):
    url = server.url(status(503), ok("today's"))
    assert optional(url) == "today's"


class RetriesExhausted(Exception):
    pass


def raise_own_error(details):
    raise RetriesExhausted(f"{details['target'].__name__} failed {details['tries']} times")


@pytest.mark.parametrize("raise_on_giveup", [True, False])
def test_an_exception_raised_in_on_giveup_takes_the_place_of_the_original(waits, raise_on_giveup):
    original = ConnectionError("down")

    @rebackoff.on_exception(
        rebackoff.expo,
        Exception,
        on_giveup=raise_own_error,
        max_tries=5,
        raise_on_giveup=raise_on_giveup,
    )
    def critical():
        raise original

    with pytest.raises(RetriesExhausted, match="critical failed 5 times") as raised:
        critical()
    assert raised.value.__context__ is original
    assert len(waits) == 4


@pytest.mark.asyncio
async def test_an_asynchronous_call_can_be_replaced_the_same_way(waits):
    @rebackoff.on_exception(
        rebackoff.expo, Exception, on_giveup=raise_own_error, max_tries=2, raise_on_giveup=False
    )
    async def critical():
        raise ConnectionError("down")

    with pytest.raises(RetriesExhausted, match="critical failed 2 times"):
        await critical()


def test_a_poll_can_raise_an_exception_of_its_own_too(waits):
    @rebackoff.on_predicate(rebackoff.expo, max_tries=3, on_giveup=raise_own_error)
    def poll():
        return None

    with pytest.raises(RetriesExhausted, match="poll failed 3 times"):
        poll()
