"""The ready-made decorators with requests, httpx and aiohttp against a server that fails."""

from __future__ import annotations

import logging

import aiohttp
import httpx
import presets
import pytest
import requests
from local.http_server import ok, reset, status
from rebackoff.presets import (
    RateLimitError,
    ServerError,
    http_retry,
    make_http_get,
    poll_until_ready,
)


class TestHttpRetry:
    def test_requests_outlasts_503_and_resets(self, server, waits):
        assert presets.fetch(server.url(status(503), reset(), ok("back"))) == "back"
        assert len(waits) == 2

    def test_requests_waits_as_the_server_asks(self, server, waits):
        assert presets.fetch(server.url(status(503, retry_after=20), ok("back"))) == "back"
        assert 20 <= waits[0] <= 22 and len(waits) == 1

    def test_a_404_is_raised_at_once(self, server, waits):
        with pytest.raises(requests.HTTPError, match="404"):
            presets.fetch(server.url(status(404)))
        assert waits == []

    def test_httpx_outlasts_503_and_resets(self, server, waits):
        url = server.url(status(503), reset(), status(429, retry_after=20), ok("back"))

        @http_retry()
        def fetch(url):
            return httpx.get(url).raise_for_status().json()

        assert fetch(url) == "back"
        assert len(waits) == 3
        assert 20 <= waits[2] <= 22

    @pytest.mark.asyncio
    async def test_aiohttp_outlasts_503_and_resets(self, server, waits):
        url = server.url(status(503), reset(), reset(), status(429, retry_after=20), ok("back"))

        @http_retry()
        async def fetch(url):
            async with aiohttp.ClientSession(raise_for_status=True) as session:
                async with session.get(url) as response:
                    return await response.json()

        assert await fetch(url) == "back"
        assert len(waits) == 3
        assert 20 <= waits[2] <= 22


class TestMakeHttpGet:
    def test_it_gets_through_a_bad_spell(self, server, waits, caplog):
        caplog.set_level(logging.INFO, "backoff")
        url = server.url(status(500), status(429, retry_after=12), reset(), ok({"rows": 7}))
        assert make_http_get()(url).json() == {"rows": 7}
        assert len(waits) == 3
        assert 12 <= waits[1] <= 13.2
        assert caplog.messages[-1].startswith("get succeeded on try 4")

    def test_it_passes_options_on_to_requests(self, server, waits):
        url = server.url(ok("late", delay=5), ok("in time"))
        assert make_http_get()(url, timeout=0.25, headers={"X-A": "b"}).json() == "in time"
        assert len(waits) == 1

    def test_a_429_without_end_becomes_a_rate_limit_error(self, server, waits):
        url = server.url(status(429, retry_after=2.5))
        with pytest.raises(RateLimitError) as raised:
            make_http_get(max_tries=3)(url)
        assert raised.value.retry_after == 2.5
        assert server.requests(url) == 3

    def test_a_hint_past_max_time_gives_up_at_once(self, server, waits):
        url = server.url(status(429, retry_after=3600))
        with pytest.raises(RateLimitError):
            make_http_get(max_time=60)(url)
        assert server.requests(url) == 1

    def test_a_503_without_end_becomes_a_server_error(self, server, waits):
        url = server.url(status(503))
        with pytest.raises(ServerError, match=f"HTTP 503: {url}"):
            make_http_get(max_tries=2)(url)
        assert server.requests(url) == 2

    @pytest.mark.parametrize("code", [404, 501])
    def test_a_status_that_is_not_listed_is_raised_at_once(self, server, waits, code):
        url = server.url(status(code))
        with pytest.raises(requests.HTTPError, match=str(code)):
            make_http_get()(url)
        assert server.requests(url) == 1

    def test_the_list_of_statuses_is_the_callers(self, server, waits):
        get = make_http_get(retry_statuses=(404,))
        missing, busy = server.url(status(404), ok("created")), server.url(status(503))
        assert get(missing).json() == "created"
        with pytest.raises(requests.HTTPError, match="503"):
            get(busy)


def test_rate_limit_retry_serves_a_request_wrapper_of_ones_own(server, waits):
    call = presets.fetch_within_rate_limit.retry_with(max_time=120)
    url = server.url(status(429, retry_after=30), status(429, retry_after=45), ok("served"))
    assert call(url) == "served"
    assert 30 <= waits[0] <= 33 and 45 <= waits[1] <= 49.5


def test_poll_until_ready_polls_an_endpoint(server, waits):
    url = server.url(ok({"state": "pending"}), ok({"state": "pending"}), ok({"state": "ready"}))
    job = poll_until_ready(
        lambda: requests.get(url, timeout=5).json(), lambda job: job["state"] == "pending"
    )
    assert job == {"state": "ready"}
    assert len(waits) == 2
