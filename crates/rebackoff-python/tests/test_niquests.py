"""The line of the guide with niquests, which lies in a folder of its own: its urllib3 would replace that of requests."""

from __future__ import annotations

import asyncio
import io
import sys
from pathlib import Path

import http_peers
import pytest
import rebackoff
from rebackoff import http

sys.path.append(str(Path(sys.prefix).parent / "apart"))
import niquests

# the sockets of errors that hold an unread response are closed when they are collected
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
retried = rebackoff.on_exception(
    rebackoff.constant(0),
    http.errors(),
    giveup=http.is_final,
    hint=http.hint,
    max_tries=4,
    jitter=None,
    logger=None,
)


@retried
def send(method, url, body=None):
    with niquests.Session() as session:
        session.trust_env = False
        session.request(method, url, data=body, timeout=http_peers.BOUND).raise_for_status()


@retried
async def send_async(method, url, body=None):
    async with niquests.AsyncSession() as session:
        session.trust_env = False
        response = await session.request(method, url, data=body, timeout=http_peers.BOUND)
        response.raise_for_status()


def send_by_a_task(*args):
    asyncio.run(send_async(*args))


@pytest.fixture(scope="module")
def server():
    with http_peers.serving() as server:
        yield server


by_both = pytest.mark.parametrize("send", [send, send_by_a_task])


@by_both
@pytest.mark.parametrize("fault", ["close", "reset", "half", "chunk", "interim", 503, 408])
def test_a_get_is_sent_again_and_a_post_is_not(server, send, fault):
    send("GET", server.play(fault, fault))
    assert server.methods == ["GET"] * 3
    with pytest.raises(niquests.RequestException):
        send("POST", server.play(fault, fault), b"one order")
    assert server.methods == ["POST"]


@by_both
def test_a_permanent_status_is_raised_at_once(server, send):
    with pytest.raises(niquests.HTTPError):
        send("GET", server.play(404))
    assert server.methods == ["GET"]


@by_both
def test_a_post_that_was_not_processed_is_sent_again(server, send):
    send("POST", server.play((429, {"Retry-After": "0"}), 425), b"one order")
    assert server.bodies == [b"one order"] * 3


@by_both
def test_a_post_that_was_redirected_is_not_sent_again(server, send):
    with pytest.raises(niquests.HTTPError):
        send("POST", server.play((302, {"Location": "/there"}), 503), b"one order")
    assert server.methods == ["POST", "GET"]


def test_a_post_that_was_never_sent_is_sent_again():
    result = send.outcome("POST", http_peers.refused_url(), b"one order")
    assert result.tries == 4 and isinstance(result.error, niquests.ConnectionError)


def test_a_file_is_rewound_and_an_iterator_is_final(server):
    send("PUT", server.play(503), io.BytesIO(b"body"))
    assert server.bodies == [b"body"] * 2
    with pytest.raises(niquests.HTTPError):
        send("PUT", server.play(503), iter([b"a", b"b"]))
    assert server.bodies == [b"ab"]
