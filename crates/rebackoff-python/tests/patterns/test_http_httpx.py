"""httpx, its blocking and its asynchronous client, against the same server."""

from __future__ import annotations

import httpx
import pytest
import rebackoff
from local.http_server import ok, reset, status


def test_the_blocking_client_survives_resets_and_503(server, waits):
    url = server.url(reset(), status(503), ok("back"))

    with httpx.Client() as client:

        @rebackoff.on_exception(rebackoff.fibo, httpx.HTTPError, max_tries=5, jitter=None)
        def fetch(url):
            return client.get(url).raise_for_status().json()

        assert fetch(url) == "back"
    assert waits == [1, 1]


def test_a_client_error_is_not_retried(server, waits):
    url = server.url(status(404))

    def is_client_error(error):
        return isinstance(error, httpx.HTTPStatusError) and error.response.is_client_error

    @rebackoff.on_exception(rebackoff.expo, httpx.HTTPError, giveup=is_client_error)
    def fetch(url):
        return httpx.get(url).raise_for_status()

    with pytest.raises(httpx.HTTPStatusError, match="404"):
        fetch(url)
    assert waits == []


@pytest.mark.asyncio
async def test_the_asynchronous_client_survives_resets_and_503(server, waits):
    url = server.url(status(503), reset(), ok("back"))

    async with httpx.AsyncClient() as client:

        @rebackoff.on_exception(rebackoff.fibo, httpx.HTTPError, max_tries=5, jitter=None)
        async def fetch(url):
            response = await client.get(url)
            return response.raise_for_status().json()

        assert await fetch(url) == "back"
    assert waits == [1, 1]


@pytest.mark.asyncio
async def test_a_slow_answer_times_out_and_is_retried(server, waits):
    url = server.url(ok("late", delay=5), ok("in time"))

    @rebackoff.on_exception(rebackoff.expo, httpx.TimeoutException, max_tries=3, jitter=None)
    async def fetch(url):
        async with httpx.AsyncClient(timeout=httpx.Timeout(5, read=0.25)) as client:
            return (await client.get(url)).json()

    assert await fetch(url) == "in time"
    assert waits == [1]


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
        async def fetch(url):
            return await client.get(url)

        assert (await fetch(url)).json() == "served"
    assert waits == [4]
