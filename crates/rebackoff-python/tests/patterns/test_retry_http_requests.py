"""requests against a server that fails: what is retried, what is not, and how long it waits."""

from __future__ import annotations

import pytest
import rebackoff
import requests
from local.http_server import ok, reset, status
from requests.exceptions import ConnectionError, HTTPError, RequestException, Timeout
from retry_http_requests import fetch, fetch_within_rate_limit


def test_a_burst_of_503_ends_in_the_answer(server, waits, no_jitter):
    url = server.url(status(503), status(503), status(503), ok({"rows": 7}))
    assert fetch(url) == {"rows": 7}
    assert waits == [0.05, 0.1, 0.2]
    assert server.requests(url) == 4


def test_a_reset_connection_is_retried(server, waits):
    url = server.url(reset(), reset(), ok("back"))

    @rebackoff.on_exception(rebackoff.expo, (Timeout, ConnectionError), max_tries=8, jitter=None)
    def fetch(url):
        return requests.get(url, timeout=5).json()

    assert fetch(url) == "back"
    assert waits == [1, 2]


def test_a_slow_answer_times_out_and_is_retried(server, waits):
    url = server.url(ok("late", delay=5), ok("in time"))

    @rebackoff.on_exception(rebackoff.constant, Timeout, max_tries=3, jitter=None, interval=0.5)
    def fetch(url):
        return requests.get(url, timeout=(5, 0.25)).json()

    assert fetch(url) == "in time"
    assert waits == [0.5]
    assert server.requests(url) == 2


def test_a_client_error_is_not_retried(server, waits):
    url = server.url(status(404))
    with pytest.raises(HTTPError, match="404") as raised:
        fetch(url)
    assert raised.value.response.status_code == 404
    assert waits == []
    assert server.requests(url) == 1


def test_a_server_that_stays_down_gives_its_last_error_after_max_tries(server, waits):
    url = server.url(status(503))

    @rebackoff.on_exception(rebackoff.expo, RequestException, max_tries=4)
    def fetch(url):
        response = requests.get(url, timeout=5)
        response.raise_for_status()

    with pytest.raises(HTTPError, match="503"):
        fetch(url)
    assert server.requests(url) == 4
    assert len(waits) == 3
    assert all(0 <= wait <= limit for wait, limit in zip(waits, [1, 2, 4], strict=True))


@pytest.mark.parametrize(("header", "expected"), [(7, 7), (0, 0), (None, 1)])
def test_retry_after_is_waited_for_to_the_second(server, waits, header, expected):
    url = server.url(status(429, retry_after=header), ok("served"))
    assert fetch_within_rate_limit(url).json() == "served"
    assert waits == [expected]


def test_a_limit_that_is_never_lifted_gives_the_last_429_back(server, waits):
    url = server.url(status(429, retry_after=3))
    assert fetch_within_rate_limit(url).status_code == 429
    assert waits == [3] * 9


def test_a_wait_can_be_read_from_the_exception(server, waits):
    url = server.url(status(429, retry_after=11), ok("served"))

    @rebackoff.on_exception(
        rebackoff.runtime,
        HTTPError,
        value=lambda error: int(error.response.headers["Retry-After"]),
        jitter=None,
        max_tries=3,
    )
    def call(url):
        response = requests.get(url, timeout=5)
        response.raise_for_status()
        return response.json()

    assert call(url) == "served"
    assert waits == [11]


class TestRetryOnStatusCodes:
    """Server errors and 429 are retried by their status, other client errors are raised at once."""

    @staticmethod
    @rebackoff.on_predicate(
        rebackoff.expo,
        lambda response: response.status_code >= 500 or response.status_code == 429,
        max_time=120,
        jitter=None,
    )
    def call(url):
        response = requests.get(url, timeout=5)
        if 400 <= response.status_code < 500 and response.status_code != 429:
            response.raise_for_status()
        return response

    def test_500_502_and_429_are_retried(self, server, waits):
        url = server.url(status(500), status(502), status(429), ok("fine"))
        assert self.call(url).json() == "fine"
        assert waits == [1, 2, 4]

    def test_403_is_raised_at_once(self, server, waits):
        url = server.url(status(403))
        with pytest.raises(HTTPError, match="403"):
            self.call(url)
        assert waits == []
        assert server.requests(url) == 1
