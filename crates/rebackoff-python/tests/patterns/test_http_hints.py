"""Hints in responses and errors of the three HTTP libraries, from a real server."""

from __future__ import annotations

import asyncio
import functools
import socket
import time
from email.utils import formatdate

import aiohttp
import httpx
import pytest
import rebackoff
import requests
from local.http_server import ok, reset, status
from rebackoff import http

RETRIED = [408, 425, 429, 500, 502, 503, 504]
FINAL = [400, 401, 403, 404, 409, 410, 422, 501, 505]


def by_requests(method, url, **headers):
    response = requests.request(method, url, headers=headers, timeout=5)
    response.raise_for_status()
    return response.json()


def by_httpx(method, url, **headers):
    return httpx.request(method, url, headers=headers, timeout=5).raise_for_status().json()


async def by_aiohttp(method, url, **headers):
    async with (
        aiohttp.ClientSession(raise_for_status=True) as session,
        session.request(method, url, headers=headers) as response,
    ):
        return await response.json()


LIBRARIES = [by_requests, by_httpx, by_aiohttp]
libraries = pytest.mark.parametrize("library", LIBRARIES)


def call(library, method, url, *, condition=http.is_final, headers=None, **options):
    decorated = rebackoff.on_exception(
        rebackoff.expo,
        http.errors(),
        giveup=condition,
        hint=http.hint,
        logger=None,
        **{"max_tries": 3, **options},
    )(library)
    result = decorated(method, url, **(headers or {}))
    return asyncio.run(result) if library is by_aiohttp else result


def failure(library, method, url, **options):
    with pytest.raises(http.errors()) as raised:
        call(library, method, url, **options)
    return raised.value


@libraries
@pytest.mark.parametrize("code", RETRIED)
def test_statuses_that_may_pass_are_retried(library, code, server, waits):
    url = server.url(status(code), ok("back"))
    assert call(library, "GET", url) == "back"
    assert server.requests(url) == 2


@libraries
@pytest.mark.parametrize("code", FINAL)
def test_others_are_the_callers_own(library, code, server, waits):
    url = server.url(status(code))
    failure(library, "GET", url)
    assert (server.requests(url), waits) == (1, [])


@libraries
def test_a_lost_connection_is_retried(library, server, waits):
    url = server.url(reset(), ok("back"))
    assert call(library, "GET", url) == "back"


@libraries
def test_a_connection_that_was_never_made_is_retried_for_any_method(library, waits):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        tries = []
        error = failure(library, "POST", url, on_try=tries.append)
    assert len(tries) == 3 and http.is_transient(error)


@libraries
@pytest.mark.parametrize("answer", [status(503), reset()], ids=["503", "reset"])
def test_a_post_is_retried_only_where_that_does_no_harm(library, answer, server, waits):
    url = server.url(answer, ok("twice"))
    failure(library, "POST", url)
    assert server.requests(url) == 1

    url = server.url(answer, ok("twice"))
    condition = functools.partial(http.is_final, any_method=True)
    assert call(library, "POST", url, condition=condition) == "twice"


@libraries
def test_an_idempotency_key_makes_a_post_repeatable(library, server, waits):
    url = server.url(status(503), ok("once"))
    assert call(library, "POST", url, headers={"Idempotency-Key": "order-7"}) == "once"


@libraries
@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "7"}, 7),
        ({"retry-after-ms": "2500"}, 2.5),
        ({"x-ms-retry-after-ms": "1500", "Retry-After": "9"}, 1.5),
        ({"x-amz-retry-after": "4000"}, 4),
        ({"X-RateLimit-Reset": "12"}, 12),
        ({"X-RateLimit-Remaining": "3", "X-RateLimit-Reset": "12"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "\xff-\x80"}, None),
        ({"Retry-After": "99999999999999999999"}, None),
    ],
)
def test_the_headers_say_how_long_to_wait(library, headers, wait, server, waits):
    url = server.url(status(503, headers=headers), ok("back"))
    assert call(library, "GET", url, jitter=None) == "back"
    assert waits == [wait or 1]


@libraries
def test_a_date_in_each_of_the_three_forms_says_when(library, server, waits):
    then = time.time() + 100
    forms = [
        formatdate(then, usegmt=True),
        time.strftime("%A, %d-%b-%y %H:%M:%S GMT", time.gmtime(then)),
        time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(then)),
    ]
    answers = [status(503, retry_after=form) for form in forms]
    url = server.url(*answers, ok("back"))
    assert call(library, "GET", url, jitter=None, max_tries=4) == "back"
    assert len(waits) == 3 and all(95 < wait <= 100 for wait in waits)


@libraries
def test_a_server_may_ask_not_to_come_again(library, server, waits):
    reasons = []
    url = server.url(status(503, headers={"grpc-retry-pushback-ms": "-1"}))
    failure(library, "GET", url, on_giveup=lambda details: reasons.append(details["reason"]))
    assert (server.requests(url), reasons) == (1, ["hint"])


@libraries
def test_what_asks_for_an_hour_gives_up_and_says_so(library, server, waits):
    url = server.url(status(429, retry_after=3600))
    error = failure(library, "GET", url)
    assert (http.hint(error), server.requests(url), waits) == (3600, 1, [])


@pytest.mark.parametrize("library", [requests, httpx])
def test_responses_are_judged_as_values(library, server, waits):
    fetch = rebackoff.on_predicate(
        rebackoff.expo, http.is_transient, hint=http.hint, jitter=None, logger=None
    )(functools.partial(library.get, timeout=5))
    url = server.url(status(429, retry_after=3), status(503), ok("back"))
    assert fetch(url).json() == "back"
    assert waits == [3, 2]
    url = server.url(status(404))
    assert fetch(url).status_code == 404


def test_responses_of_aiohttp_are_judged_as_values(server, waits):
    @rebackoff.on_predicate(
        rebackoff.expo, http.is_transient, hint=http.hint, jitter=None, logger=None
    )
    async def fetch(url, method):
        async with aiohttp.ClientSession() as session, session.request(method, url) as response:
            await response.read()
            return response

    url = server.url(status(429, retry_after=3), status(503), ok("back"))
    assert asyncio.run(fetch(url, "GET")).status == 200
    assert waits == [3, 2]
    assert asyncio.run(fetch(server.url(status(503)), "POST")).status == 503
