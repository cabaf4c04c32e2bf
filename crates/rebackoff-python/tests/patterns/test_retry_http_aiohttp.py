"""aiohttp against the same server: one request, and many at once with retries of their own."""

from __future__ import annotations

import asyncio
import types

import aiohttp
import pytest
import rebackoff
from local.http_server import ok, reset, status
from retry_http_aiohttp import fetch_all

pytestmark = pytest.mark.asyncio

# aiohttp by itself repeats a GET once when the connection was reset, so a try takes two of them
RESET = (reset(), reset())


async def test_a_burst_of_503_and_a_reset_end_in_the_answer(server, waits):
    url = server.url(status(503), *RESET, ok({"rows": 7}))

    @rebackoff.on_exception(rebackoff.expo, aiohttp.ClientError, max_time=60, jitter=None)
    async def fetch(url):
        async with aiohttp.ClientSession(raise_for_status=True) as session:
            async with session.get(url) as response:
                return await response.json()

    assert await fetch(url) == {"rows": 7}
    assert waits == [1, 2]


async def test_the_last_error_comes_back_after_max_tries(server, waits):
    url = server.url(*RESET, *RESET, *RESET, ok("too late"))

    @rebackoff.on_exception(rebackoff.expo, aiohttp.ClientError, max_tries=3, jitter=None)
    async def fetch(url):
        async with aiohttp.ClientSession() as session:
            async with session.get(url) as response:
                return await response.text()

    with pytest.raises(aiohttp.ClientError):
        await fetch(url)
    assert waits == [1, 2]
    assert server.requests(url) == 6


async def test_tasks_that_run_at_once_keep_their_own_count_of_tries(server, waits, no_jitter):
    urls = [
        server.url(ok("at once")),
        server.url(status(503), ok("second try")),
        server.url(status(503), status(503), ok("third try")),
        server.url(status(503)),
    ]

    results = await fetch_all(urls)

    assert results[:3] == ["at once", "second try", "third try"]
    assert isinstance(results[3], aiohttp.ClientResponseError)
    assert [server.requests(url) for url in urls] == [1, 2, 3, 3]
    assert sorted(waits) == [0.05, 0.05, 0.05, 0.1, 0.1]


async def test_a_coroutine_written_as_a_generator_is_retried_too(server, waits):
    url = server.url(status(503), status(503), ok("back"))

    @rebackoff.on_exception(rebackoff.expo, aiohttp.ClientError, max_tries=8, jitter=None)
    @types.coroutine
    def fetch(session, url):
        response = yield from session.get(url).__await__()
        text = yield from response.json().__await__()
        return text

    async with aiohttp.ClientSession(raise_for_status=True) as session:
        assert await fetch(session, url) == "back"
    assert waits == [1, 2]


async def test_handlers_may_be_asynchronous(server, waits):
    url = server.url(status(503), ok("back"))
    told = []

    async def tell(details):
        await asyncio.sleep(0)
        told.append((details["tries"], details["args"]))

    @rebackoff.on_exception(
        rebackoff.expo,
        aiohttp.ClientError,
        max_tries=3,
        jitter=None,
        on_backoff=tell,
        on_success=tell,
    )
    async def fetch(url):
        async with aiohttp.ClientSession(raise_for_status=True) as session:
            async with session.get(url) as response:
                return await response.json()

    assert await fetch(url) == "back"
    assert told == [(1, (url,)), (2, (url,))]


async def test_a_task_that_is_cancelled_while_it_waits_makes_no_further_try(server):
    url = server.url(status(503))
    waiting = asyncio.Event()

    @rebackoff.on_exception(
        rebackoff.constant,
        aiohttp.ClientError,
        interval=600,
        jitter=None,
        on_backoff=lambda _: waiting.set(),
    )
    async def fetch(url):
        async with aiohttp.ClientSession(raise_for_status=True) as session:
            async with session.get(url) as response:
                return await response.json()

    task = asyncio.create_task(fetch(url))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert server.requests(url) == 1
