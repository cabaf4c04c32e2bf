"""Several decorators on one function, each with its own wait strategy and limits."""

from __future__ import annotations

import pytest
from local.http_server import ok, reset, status
from requests.exceptions import ConnectionError, HTTPError
from several_decorators import fetch_when_ready

READY, NOT_READY = ok({"ready": True}), ok({"ready": False})
pytestmark = pytest.mark.usefixtures("no_jitter")


def test_each_failure_is_handled_by_its_own_decorator(server, waits):
    url = server.url(
        reset(), ok("late", delay=5), status(503), NOT_READY, NOT_READY, NOT_READY, READY
    )
    assert fetch_when_ready(url) == {"ready": True}
    assert waits == [0.01, 0.01, 0.02, 1, 1, 2]
    assert server.requests(url) == 7


def test_the_inner_decorator_starts_afresh_when_an_outer_one_calls_again(server, waits):
    url = server.url(reset(), status(503), reset(), reset(), NOT_READY, reset(), READY)
    assert fetch_when_ready(url) == {"ready": True}
    assert waits == [0.01, 0.02, 0.01, 0.01, 1, 0.01]


def test_what_the_inner_decorator_gives_up_on_passes_the_others(server, waits):
    url = server.url(reset())
    with pytest.raises(ConnectionError):
        fetch_when_ready(url)
    assert waits == [0.01, 0.01]
    assert server.requests(url) == 3


def test_a_client_error_passes_them_all_at_once(server, waits):
    url = server.url(status(404))
    with pytest.raises(HTTPError, match="404"):
        fetch_when_ready(url)
    assert waits == []
