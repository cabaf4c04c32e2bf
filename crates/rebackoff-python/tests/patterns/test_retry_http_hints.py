"""The decorator of the example with three HTTP libraries: hints in responses and errors of a real server."""

from __future__ import annotations

import asyncio
import functools
import time
from email.utils import formatdate

import aiohttp
import httpx
import pytest
import rebackoff
import requests
import retry_http_hints
from local.http_server import ok, status
from rebackoff import http


def by_httpx(method, url, **headers):
    return httpx.request(method, url, headers=headers, timeout=5).raise_for_status().json()


async def by_aiohttp(method, url, **headers):
    async with (
        aiohttp.ClientSession(raise_for_status=True) as session,
        session.request(method, url, headers=headers) as response,
    ):
        return await response.json()


LIBRARIES = [retry_http_hints.send, by_httpx, by_aiohttp]
libraries = pytest.mark.parametrize("library", LIBRARIES)


def call(library, method, url, *, told=None, headers=None, **options):
    decorated = retry_http_hints.patient(**(told or {}))(library)
    result = decorated.retry_with(wait_gen=rebackoff.expo, **options)(
        method, url, **(headers or {})
    )
    return asyncio.run(result) if library is by_aiohttp else result


def failure(library, method, url, **options):
    with pytest.raises(http.errors()) as raised:
        call(library, method, url, **options)
    return raised.value


@libraries
def test_a_post_is_sent_again_only_where_that_does_no_harm(library, server, waits):
    url = server.url(status(503), ok("twice"))
    failure(library, "POST", url)
    assert server.requests(url) == 1
    key = {"Idempotency-Key": "order-7"}
    assert call(library, "POST", server.url(status(503), ok("once")), headers=key) == "once"
    url = server.url(status(503), ok("logged"))
    assert call(library, "POST", url, told={"any_method": True}) == "logged"


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
    assert call(library, "GET", url, jitter=None) == "back"
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
