"""httpx, its blocking and its asynchronous client, against the same server."""

from __future__ import annotations

import httpx
import pytest
import rebackoff
from local.http_server import ok, reset, status
from retry_http_httpx import fetch, fetch_async


def test_the_blocking_client_survives_resets_and_503(server, waits, no_jitter):
    assert fetch(server.url(reset(), status(503), ok("back"))) == "back"
    assert waits == [0.05, 0.1]


def test_a_client_error_is_not_retried(server, waits):
    url = server.url(status(404))

    def is_client_error(error):
        return isinstance(error, httpx.HTTPStatusError) and error.response.is_client_error

    @rebackoff.on_exception(rebackoff.expo, httpx.HTTPError, giveup=is_client_error)
    def fetch_once(url):
        return httpx.get(url).raise_for_status()

    with pytest.raises(httpx.HTTPStatusError, match="404"):
        fetch_once(url)
    assert waits == []


@pytest.mark.asyncio
async def test_the_asynchronous_client_survives_resets_and_503(server, waits, no_jitter):
    assert await fetch_async(server.url(status(503), reset(), ok("back"))) == "back"
    assert waits == [0.05, 0.1]


@pytest.mark.asyncio
async def test_a_slow_answer_times_out_and_is_retried(server, waits, no_jitter):
    assert await fetch_async(server.url(ok("late", delay=5), ok("in time"))) == "in time"
    assert waits == [0.05]


@pytest.mark.asyncio
async def test_retry_after_is_waited_for(server, waits):
    url = server.url(status(429, retry_after=4), ok("served"))

    async with httpx.AsyncClient() as client:

        @rebackoff.on_predicate(
            rebackoff.runtime,
            lambda response: response.status_code == 429,
            value=lambda response: int(response.headers["Retry-After"]),
            jitter=None,
        )
        async def fetch_within_limit(url):
            return await client.get(url)

        assert (await fetch_within_limit(url)).json() == "served"
    assert waits == [4]
