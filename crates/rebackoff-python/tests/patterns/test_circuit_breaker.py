"""A circuit breaker written by hand, wired in through `giveup`."""

from __future__ import annotations

import types

import circuit_breaker
import pytest
from circuit_breaker import CircuitOpen, protected
from local.http_server import ok, status
from requests.exceptions import RequestException

pytestmark = pytest.mark.usefixtures("no_jitter")


@pytest.fixture
def now(monkeypatch):
    """The time of the breaker, which opens for a minute."""
    now = [0.0]
    monkeypatch.setattr(circuit_breaker, "time", types.SimpleNamespace(monotonic=lambda: now[0]))
    for name, value in {"failures": 0, "opened_at": None, "timeout": 60}.items():
        monkeypatch.setattr(circuit_breaker.breaker, name, value)
    return now


def test_an_open_breaker_ends_the_retries_and_refuses_calls_until_its_timeout(server, waits, now):
    url = server.url(status(503), status(503), status(503), ok("back"))

    with pytest.raises(RequestException, match="503"):
        protected(url)
    assert waits == [0.01, 0.02], "the third failure opened the breaker"

    with pytest.raises(CircuitOpen):
        protected(url)
    assert server.requests(url) == 3, "an open breaker costs the server nothing"

    now[0] = 61
    assert protected(url) == "back"


def test_the_failures_of_several_calls_add_up(server, waits, now, monkeypatch):
    monkeypatch.setattr(circuit_breaker.breaker, "failure_threshold", 7)
    url = server.url(status(503))

    for requests_so_far in (5, 7):
        with pytest.raises(RequestException, match="503"):
            protected(url)
        assert server.requests(url) == requests_so_far
    with pytest.raises(CircuitOpen):
        protected(url)
