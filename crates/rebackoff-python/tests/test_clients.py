"""Retries inside HTTP clients: transports, adapter and middleware, against a server that plays faults."""

from __future__ import annotations

import asyncio
import copy
import pickle
from types import SimpleNamespace

import aiohttp
import http_peers
import httpx
import httpx2
import pytest
import rebackoff
import requests
from http_peers import BOUND, refused_url
from rebackoff import http
from rebackoff.clients import aiohttp as for_aiohttp
from rebackoff.clients import httpx as for_httpx
from rebackoff.clients import httpx2 as for_httpx2
from rebackoff.clients import requests as for_requests

pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(scope="module")
def server():
    with http_peers.serving() as server:
        yield server


def requests_sender(**options):
    session = requests.Session()
    adapter = for_requests.RetryAdapter(rebackoff.constant(0), jitter=None, logger=None, **options)
    session.mount("http://", adapter)

    def send(method, url, body=None):
        with session:
            return session.request(method, url, data=body, timeout=BOUND).status_code

    return send


def httpx_sender(module, library, **options):
    transport = module.RetryTransport(
        rebackoff.constant(0),
        transport=library.HTTPTransport(verify=http_peers.TLS),
        jitter=None,
        logger=None,
        **options,
    )

    def send(method, url, body=None):
        with library.Client(transport=transport, follow_redirects=True, timeout=BOUND) as client:
            return client.request(method, url, content=body).status_code

    return send


def async_httpx_sender(module, library, **options):
    def send(method, url, body=None):
        async def request():
            transport = module.AsyncRetryTransport(
                rebackoff.constant(0),
                transport=library.AsyncHTTPTransport(verify=http_peers.TLS),
                jitter=None,
                logger=None,
                **options,
            )
            async with library.AsyncClient(
                transport=transport, follow_redirects=True, timeout=BOUND
            ) as client:
                return (await client.request(method, url, content=body)).status_code

        return asyncio.run(request())

    return send


def aiohttp_sender(**options):
    def send(method, url, body=None):
        async def request():
            middleware = for_aiohttp.RetryMiddleware(
                rebackoff.constant(0), jitter=None, logger=None, **options
            )
            async with (
                aiohttp.ClientSession(middlewares=[middleware]) as session,
                session.request(method, url, data=body) as response,
            ):
                await response.read()
                return response.status

        return asyncio.run(request())

    return send


CLIENTS = {
    "requests": (requests_sender, requests.RequestException, for_requests),
    "httpx": (lambda **o: httpx_sender(for_httpx, httpx, **o), httpx.TransportError, for_httpx),
    "httpx2": (
        lambda **o: httpx_sender(for_httpx2, httpx2, **o),
        httpx2.TransportError,
        for_httpx2,
    ),
    "async-httpx": (
        lambda **o: async_httpx_sender(for_httpx, httpx, **o),
        httpx.TransportError,
        for_httpx,
    ),
    "async-httpx2": (
        lambda **o: async_httpx_sender(for_httpx2, httpx2, **o),
        httpx2.TransportError,
        for_httpx2,
    ),
    "aiohttp": (aiohttp_sender, aiohttp.ClientError, for_aiohttp),
}


@pytest.fixture(params=CLIENTS)
def client(request):
    """A maker of functions that send, the base of the client's errors, and our module."""
    return CLIENTS[request.param]


@pytest.mark.parametrize("fault", ["close", "reset", 503, 429])
def test_a_request_is_sent_again_until_it_is_answered(server, client, fault):
    make, _, _ = client
    assert make(max_tries=4)("GET", server.play(fault, fault)) == 200
    assert server.methods == ["GET"] * 3
    assert make(max_tries=4)("PUT", server.play(fault), b"body") == 200
    assert server.bodies == [b"body"] * 2


def test_the_last_response_comes_back_untouched(server, client):
    make, _, _ = client
    assert make(max_tries=3)("GET", server.play(503, 502, 500)) == 500
    assert len(server.methods) == 3
    assert make(max_tries=3)("GET", server.play(404)) == 404
    assert len(server.methods) == 1


def test_the_last_error_comes_back_untouched(client):
    make, kind, _ = client
    tried = []
    with pytest.raises(kind):
        make(max_tries=3, on_try=tried.append)("POST", refused_url(), b"one order")
    assert len(tried) == 3


def test_a_post_is_sent_again_only_where_that_does_no_harm(server, client):
    make, kind, _ = client
    send = make(max_tries=3)
    assert send("POST", server.play(503), b"one order") == 503
    with pytest.raises(kind):
        send("POST", server.play("close"), b"one order")
    assert server.methods == ["POST"]
    assert send("POST", server.play(429), b"one order") == 200
    assert server.bodies == [b"one order"] * 2
    assert make(max_tries=3, any_method=True)("POST", server.play(503), b"one order") == 200


def test_a_redirected_post_is_placed_once(server, client):
    make, _, _ = client
    url = server.play((303, {"Location": "/there"}), 503, 200)
    assert make(max_tries=3)("POST", url, b"one order") == 200
    assert server.methods == ["POST", "GET", "GET"]


def test_a_post_has_one_idempotency_key_for_all_its_tries(server, client):
    make, _, _ = client
    send = make(max_tries=3, idempotency_key=True)
    assert send("POST", server.play(503, "close"), b"one order") == 200
    keys = [headers["Idempotency-Key"] for _, headers, _ in server.requests]
    assert len(keys) == 3 and len(set(keys)) == 1
    assert send("GET", server.play()) == 200
    assert "Idempotency-Key" not in server.requests[0][1]


def test_a_body_is_sent_whole_or_not_again(server, client, tmp_path):
    make, _, _ = client
    (tmp_path / "body").write_bytes(b"the whole file")

    async def async_parts():
        yield b"part"

    is_async = client in (CLIENTS["async-httpx"], CLIENTS["async-httpx2"], CLIENTS["aiohttp"])
    parts = async_parts() if is_async else (part for part in [b"part"])
    assert make(max_tries=3)("PUT", server.play(503), parts) == 503
    assert server.bodies == [b"part"]
    if not is_async or make is aiohttp_sender:
        with open(tmp_path / "body", "rb") as file:
            assert make(max_tries=3)("PUT", server.play(503), file) == 200
        assert server.bodies == [b"the whole file"] * 2


def test_hints_are_honoured(server, client, sleeps):
    make, _, _ = client
    assert make(max_tries=3)("GET", server.play((503, {"Retry-After": "7"}))) == 200
    assert [wait for wait in sleeps if wait >= 1] == [7]
    assert make(max_tries=3)("GET", server.play((503, {"X-Should-Retry": "false"}))) == 503


def test_a_budget_pays_for_retries(server, client):
    make, _, _ = client
    budget = rebackoff.Budget.quota(capacity=5, retry_cost=5, timeout_cost=5)
    send = make(max_tries=9, budget=budget)
    assert send("GET", server.play(*[503] * 9)) == 503
    assert len(server.methods) == 2


def test_a_rejection_is_an_error_of_the_client(server, client):
    make, kind, module = client
    breaker = rebackoff.Breaker(consecutive=1)
    assert make(max_tries=1, breaker=breaker)("GET", server.play(503)) == 503
    with pytest.raises(kind) as caught:
        make(max_tries=3, breaker=breaker)("GET", server.url)
    error = caught.value
    assert type(error) is module.CircuitOpenError
    assert isinstance(error, rebackoff.CircuitOpenError) and error.retry_in > 0
    assert "the circuit breaker is open" in str(error)
    assert http.is_final(error)
    assert pickle.loads(pickle.dumps(error)).retry_in == error.retry_in


def test_there_can_be_a_breaker_for_each_host(server, client):
    make, _, _ = client
    breakers = rebackoff.Keyed(lambda: rebackoff.Breaker(consecutive=1))
    send = make(max_tries=1, breaker=breakers)
    assert send("GET", server.play(503)) == 503
    with pytest.raises(rebackoff.CircuitOpenError):
        make(max_tries=1, breaker=breakers)("GET", server.url)
    other = server.url.replace("127.0.0.1", "localhost")
    assert make(max_tries=1, breaker=breakers)("GET", other) == 200
    assert len(breakers) == 2


@pytest.mark.parametrize("status", [404, 429, 425, 403])
def test_a_host_that_answers_is_healthy(server, client, status):
    make, _, _ = client
    breaker = rebackoff.Breaker(consecutive=1)
    make(max_tries=1, breaker=breaker)("GET", server.play(status))
    assert breaker.state == "closed"


def test_a_post_that_fails_is_a_failure_of_its_host(server, client):
    make, _, _ = client
    breaker = rebackoff.Breaker(consecutive=1)
    assert make(max_tries=3, breaker=breaker)("POST", server.play(503), b"one order") == 503
    assert breaker.state == "open"


def test_a_misspelt_option_is_an_error_at_once(client):
    make, _, _ = client
    with pytest.raises(TypeError, match="max_trie"):
        make(max_trie=3)("GET", "http://127.0.0.1:9/")


def test_a_response_that_is_not_streamed_is_read_within_the_try(server):
    assert requests_sender(max_tries=4)("GET", server.play("half", "chunk")) == 200
    assert len(server.methods) == 3


def test_urllib3s_own_retries_are_refused():
    with pytest.raises(TypeError, match="max_retries would multiply the tries"):
        for_requests.RetryAdapter(max_retries=3)


def test_an_adapter_travels_as_that_of_requests_does(server):
    adapter = for_requests.RetryAdapter(rebackoff.constant(0), max_tries=2, logger=None)
    for other in (pickle.loads(pickle.dumps(adapter)), copy.copy(adapter)):
        session = requests.Session()
        session.mount("http://", other)
        assert session.get(server.play(503), timeout=BOUND).status_code == 200
        session.close()


def test_the_default_policy_makes_five_tries(server, sleeps):
    session = requests.Session()
    session.mount("http://", for_requests.RetryAdapter())
    with session:
        assert session.get(server.play(*[503] * 9), timeout=BOUND).status_code == 503
    assert len(server.methods) == 5


def test_a_policy_is_taken_as_it_is(server, sleeps):
    policy = rebackoff.Policy("constant", interval=3, jitter="none", max_tries=3)
    session = requests.Session()
    session.mount("http://", for_requests.RetryAdapter(policy))
    with session:
        assert session.get(server.play(*[503] * 9), timeout=BOUND).status_code == 503
    assert len(server.methods) == 3
    assert [wait for wait in sleeps if wait >= 1] == [3, 3]


def hanging_httpx(module, library):
    def send(hanging, **options):
        class Peer(library.AsyncBaseTransport):
            async def handle_async_request(self, request):
                await hanging()
                return library.Response(200)

        transport = module.AsyncRetryTransport(transport=Peer(), **options)
        return transport.handle_async_request(library.Request("GET", "http://a.example/"))

    return send


def hanging_aiohttp(hanging, **options):
    async def handler(request):
        await hanging()
        return SimpleNamespace(status=200)

    request = SimpleNamespace(method="GET", url="http://a.example/", headers={}, body=None)
    return for_aiohttp.RetryMiddleware(**options)(request, handler)


@pytest.fixture(params=["httpx", "httpx2", "aiohttp"])
def hanging_client(request):
    """A function that sends a request to a peer that may hang, and the base of the client's timeouts."""
    return {
        "httpx": (hanging_httpx(for_httpx, httpx), httpx.TimeoutException),
        "httpx2": (hanging_httpx(for_httpx2, httpx2), httpx2.TimeoutException),
        "aiohttp": (hanging_aiohttp, TimeoutError),
    }[request.param]


def test_a_try_that_takes_too_long_is_a_failure_of_its_host(hanging_client):
    send, late = hanging_client
    breaker = rebackoff.Breaker(consecutive=3)
    tried = []

    async def hang_twice():
        if len(tried) < 3:
            await asyncio.Event().wait()

    async def main(hanging, **options):
        options = {"breaker": breaker, "on_try": tried.append, "logger": None, **options}
        return await send(hanging, policy=rebackoff.constant(0), timeout=0.01, **options)

    asyncio.run(main(hang_twice))
    assert len(tried) == 3 and breaker.failures == 2
    with pytest.raises(late, match="took longer than 0.01 s"):
        asyncio.run(main(asyncio.Event().wait, max_tries=2))


def test_a_try_has_the_name_of_what_sends(server, client):
    make, _, _ = client
    names = []
    make(on_backoff=lambda details: names.append(details["target"].__name__))(
        "GET", server.play(503)
    )
    assert names[0] in ("handle_request", "handle_async_request", "_send_once")


def test_giving_up_raises_or_gives_the_response(client):
    make, _, _ = client
    with pytest.raises(ValueError, match="raise_on_giveup must be True in a client"):
        make(raise_on_giveup=False)("GET", refused_url())


@pytest.mark.parametrize(
    "wrong",
    [{"statuses": 503}, {"statuses": "503"}, {"any_method": "GET"}, {"idempotency_key": "mine"}],
    ids=str,
)
@pytest.mark.parametrize(
    "make", [for_requests.RetryAdapter, for_httpx2.RetryTransport, for_aiohttp.RetryMiddleware]
)
def test_a_value_of_the_wrong_kind_is_an_error_at_once(make, wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(TypeError, match=rf"^{name} must be .*, but it is {value!r}$"):
        make(**wrong)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: for_requests.RetryAdapter(5), "policy must be a Policy"),
        (lambda: for_aiohttp.RetryMiddleware("expo"), "policy must be a Policy"),
        (lambda: for_httpx.RetryTransport(transport=5), "a transport of a blocking client"),
        (
            lambda: for_httpx2.RetryTransport(transport=httpx2.AsyncHTTPTransport()),
            "a transport of a blocking client",
        ),
        (
            lambda: for_httpx.AsyncRetryTransport(transport=httpx.HTTPTransport),
            "a transport of an async client",
        ),
    ],
)
def test_a_wrong_policy_or_transport_is_named_where_the_client_is_made(make, message):
    with pytest.raises(TypeError, match=message):
        make()


def test_a_wrong_condition_of_the_program_is_an_error_where_the_client_is_made():
    async def giveup(error):
        return True

    for wrong, message in (
        (5, "giveup must be a function"),
        (lambda error, url: True, "giveup must be a function of the error"),
        (giveup, "giveup is async"),
    ):
        with pytest.raises(TypeError, match=message):
            for_requests.RetryAdapter(giveup=wrong)
