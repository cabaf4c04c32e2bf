"""A circuit breaker written by hand, wired in through `giveup`."""

from __future__ import annotations

import pytest
import rebackoff
import requests
from local.http_server import ok, status
from requests.exceptions import RequestException


class CircuitOpen(Exception):
    pass


class Breaker:
    """Opens after so many failures in a row, and lets calls through again after `timeout` seconds."""

    def __init__(self, failure_threshold, timeout, clock):
        self.failure_threshold = failure_threshold
        self.timeout = timeout
        self.clock = clock
        self.failures = 0
        self.opened_at = None

    def lets_through(self):
        if self.opened_at is not None and self.clock() - self.opened_at > self.timeout:
            self.opened_at = None
            self.failures = 0
        return self.opened_at is None

    def open_after_failure(self, error):
        self.failures += 1
        if self.failures >= self.failure_threshold:
            self.opened_at = self.clock()
        return not self.lets_through()


def protected_call(breaker):
    @rebackoff.on_exception(
        rebackoff.expo,
        RequestException,
        giveup=breaker.open_after_failure,
        max_tries=5,
        jitter=None,
    )
    def call(url):
        if not breaker.lets_through():
            raise CircuitOpen
        response = requests.get(url, timeout=5)
        response.raise_for_status()
        return response.json()

    return call


def test_an_open_breaker_ends_the_retries_and_refuses_calls_until_its_timeout(server, waits):
    now = [0.0]
    breaker = Breaker(failure_threshold=3, timeout=60, clock=lambda: now[0])
    call = protected_call(breaker)
    url = server.url(status(503), status(503), status(503), ok("back"))

    with pytest.raises(RequestException, match="503"):
        call(url)
    assert waits == [1, 2], "the third failure opened the breaker"

    with pytest.raises(CircuitOpen):
        call(url)
    assert server.requests(url) == 3, "an open breaker costs the server nothing"

    now[0] = 61
    assert call(url) == "back"


def test_the_failures_of_several_calls_add_up(server, waits):
    breaker = Breaker(failure_threshold=7, timeout=60, clock=lambda: 0.0)
    call = protected_call(breaker)
    url = server.url(status(503))

    for requests_so_far in (5, 7):
        with pytest.raises(RequestException, match="503"):
            call(url)
        assert server.requests(url) == requests_so_far
    with pytest.raises(CircuitOpen):
        call(url)
