"""The options for HTTP of the guide, with the clients that it names and a server that misbehaves."""

from __future__ import annotations

import asyncio
import functools
import inspect
import ssl
import subprocess
import sys
import threading

import aiohttp
import http_peers
import httpx
import httpx2
import pytest
import rebackoff
import requests
import urllib3
from http_peers import TRIES, by_each_client, by_requests, readme, refused_url, run, tries_of
from rebackoff import http
from rebackoff.presets import http_retry

# the sockets of errors that hold an unread response are closed when they are collected
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(scope="module")
def server():
    with http_peers.serving() as server:
        yield server


FAULTS = ["close", "reset", "half", "chunk", "interim", 500, 502, 503, 504, 408, 429, 425]


@by_each_client
class TestGet:
    @pytest.mark.parametrize("fault", FAULTS)
    def test_is_sent_again_until_it_is_answered(self, server, send, fault):
        url = server.play(fault, fault)
        assert run(readme(), send, "GET", url) is None
        assert server.methods == ["GET"] * 3

    def test_is_sent_again_to_a_port_where_nothing_listens(self, send):
        assert tries_of(send, "GET", refused_url())[0] == TRIES

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 407, 410, 422, 501, 505])
    def test_is_not_sent_again_after_a_permanent_status(self, server, send, status):
        url = server.play(*[status] * TRIES)
        assert run(readme(), send, "GET", url) is not None
        assert len(server.methods) == 1

    def test_that_is_redirected_is_sent_again(self, server, send):
        url = server.play((302, {"Location": "/there"}), 503, (302, {"Location": "/there"}), 200)
        assert run(readme(), send, "GET", url) is None
        assert server.methods == ["GET"] * 4

    def test_in_a_redirect_loop_is_not_sent_again(self, server, send):
        server.play()
        url = server.play(*[(302, {"Location": f"/{n}"}) for n in range(90)])
        tried, error = tries_of(send, "GET", url)
        assert tried == 1 and error is not None

    def test_that_is_forbidden_with_a_hint_is_sent_again(self, server, send):
        limited = (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0"})
        assert run(readme(), send, "GET", server.play(limited, (403, {"Retry-After": "0"}))) is None
        assert len(server.methods) == 3

    def test_follows_the_order_of_the_server(self, server, send):
        url = server.play(
            (409, {"X-Should-Retry": "true"}), (503, {"Stripe-Should-Retry": "false"})
        )
        assert run(readme(), send, "GET", url) is not None
        assert len(server.methods) == 2


@by_each_client
@pytest.mark.parametrize("method", ["POST"])
class TestPost:
    @pytest.mark.parametrize("fault", ["close", "reset", "half", "chunk", "interim", 500, 503, 408])
    def test_that_may_have_had_its_effect_is_not_sent_again(self, server, send, method, fault):
        for method in ("POST", "PATCH"):
            url = server.play(*[fault] * TRIES)
            assert run(readme(), send, method, url, b"one order") is not None
            assert server.methods == [method]

    def test_to_a_port_where_nothing_listens_is_sent_again(self, send, method):
        assert tries_of(send, method, refused_url(), b"one order")[0] == TRIES

    @pytest.mark.parametrize("status", [421, 425, 429])
    def test_that_was_not_processed_is_sent_again(self, server, send, method, status):
        assert run(readme(), send, method, server.play(status, status), b"one order") is None
        assert server.bodies == [b"one order"] * 3

    @pytest.mark.parametrize(
        "giveup", [http.is_final, functools.partial(http.is_final, method="POST")]
    )
    @pytest.mark.parametrize("then", [503, "close", "half", "refused"])
    def test_that_was_redirected_is_not_sent_again(self, server, send, method, then, giveup):
        for status in (301, 302, 303, 307, 308):
            there = refused_url() if then == "refused" else "/there"
            url = server.play((status, {"Location": there}), *[then] * TRIES)
            assert run(readme(giveup=giveup), send, method, url, b"one order") is not None
            assert 1 <= len(server.methods) <= 2  # the second one is the redirected one

    def test_with_a_key_is_sent_again(self, server, send, method):
        url = server.play(503, "close")
        headers = {"Idempotency-Key": "one"}
        assert run(readme(), send, method, url, b"one order", headers) is None
        assert server.bodies == [b"one order"] * 3

    def test_is_sent_again_by_a_caller_who_can_bear_it(self, server, send, method):
        giveup = functools.partial(http.is_final, any_method=True)
        url = server.play(503, "close")
        assert run(readme(giveup=giveup), send, method, url, b"one order") is None
        assert server.bodies == [b"one order"] * 3

    def test_is_treated_likewise_by_http_retry(self, server, send, method):
        decorate = http_retry(max_tries=TRIES, jitter=None, factor=0)
        assert run(decorate, send, method, server.play(503, 503), b"one order") is not None
        assert run(decorate, send, method, server.play(429), b"one order") is None
        assert len(server.methods) == 2


@pytest.fixture(scope="module")
def https_url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out c -days 2 -subj /CN=localhost"
    )
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "c", folder / "k")
    with http_peers.serving() as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        yield server.url.replace("http:", "https:")


class TestPermanent:
    @pytest.mark.parametrize(
        "call",
        [
            lambda: httpx.get("ftp://example.invalid/"),
            lambda: httpx2.get("ftp://example.invalid/"),
            lambda: httpx.get("http://127.0.0.1:9/", headers={"x": "a\nb"}),
            lambda: httpx2.get("http://127.0.0.1:9/", headers={"x": "a\nb"}),
            lambda: requests.get("ftp://example.invalid/"),
            lambda: requests.get("no-scheme"),
            lambda: requests.get("http://127.0.0.1:9/", headers={"x": "a\nb"}),
            lambda: http_peers.by_urllib("GET", "gopher://example.invalid/"),
        ],
        ids=range(8),
    )
    def test_wrong_addresses_and_headers_are_permanent(self, call):
        caught = Exception
        tried = []
        decorate = rebackoff.on_exception(
            rebackoff.constant(0),
            caught,
            giveup=http.is_final,
            max_tries=TRIES,
            on_try=tried.append,
            logger=None,
        )
        assert run(decorate, call) is not None
        assert len(tried) == 1

    @by_each_client
    def test_a_certificate_that_is_not_trusted_is_permanent(self, https_url, send):
        tried, error = tries_of(send, "GET", https_url)
        assert tried == 1, repr(error)

    @by_each_client
    def test_a_server_without_tls_is_permanent(self, server, send):
        tried, error = tries_of(send, "GET", server.play().replace("http:", "https:"))
        assert tried == 1, repr(error)

    @pytest.mark.parametrize(("status", "tries"), [(407, 1), (501, 1), (503, TRIES)])
    @pytest.mark.parametrize("client", ["requests", "httpx", "httpx2", "aiohttp", "urllib"])
    def test_the_refusal_of_a_proxy_is_judged_by_its_status(self, client, status, tries):
        with refusing_proxy(status) as proxy:
            target = "https://shop.invalid/"
            if client == "requests":
                send = functools.partial(requests.post, target, proxies={"https": proxy})
            elif client == "aiohttp":

                async def send():
                    async with (
                        aiohttp.ClientSession() as session,
                        session.post(target, proxy=proxy) as response,
                    ):
                        response.raise_for_status()
            elif client == "urllib":
                handler = http_peers.urllib.request.ProxyHandler({"https": proxy})
                opener = http_peers.urllib.request.build_opener(handler)
                send = functools.partial(opener.open, target, b"one order")
            else:
                send = functools.partial(
                    post_by_proxy, {"httpx": httpx, "httpx2": httpx2}[client], target, proxy
                )
            tried, error = tries_of(send)
            assert tried == tries, repr(error)


def post_by_proxy(httpx, target, proxy):
    with httpx.Client(proxy=proxy, trust_env=False) as client:
        client.post(target)


def refusing_proxy(status):
    from contextlib import contextmanager
    from socket import create_server

    @contextmanager
    def proxy():
        with create_server(("127.0.0.1", 0)) as listener:

            def serve():
                while True:
                    try:
                        connection, _ = listener.accept()
                    except OSError:
                        return
                    with connection:
                        connection.recv(65536)
                        connection.sendall(
                            b"HTTP/1.1 %d Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                            % status
                        )

            threading.Thread(target=serve, daemon=True).start()
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"

    return proxy()


class TestErrors:
    def test_an_error_of_ones_own_is_judged_by_its_cause(self, server):
        class Failed(Exception):
            pass

        def fetch(method, url):
            try:
                by_requests(method, url)
            except requests.RequestException as error:
                raise Failed from error

        def tries(method, *script):
            url = server.play(*script)
            decorate = rebackoff.on_exception(
                rebackoff.constant(0), Failed, giveup=http.is_final, hint=http.hint, max_tries=TRIES, logger=None, jitter=None
            )  # fmt: skip
            run(decorate, fetch, method, url)
            return len(server.methods)

        assert tries("GET", 503, "close") == 3
        assert tries("GET", 404) == 1
        assert tries("POST", 503) == 1
        assert tries("POST", 429) == 2

    @pytest.mark.parametrize("fault", ["half", "chunk"])
    def test_a_response_of_urllib3_that_breaks_off_in_a_stream_knows_its_request(
        self, server, fault
    ):
        def ask(pool, method, url):
            response = pool.request(method, url, body=b"one order", preload_content=False)
            return b"".join(response.stream(5))

        with urllib3.PoolManager() as pool:
            assert run(readme(), ask, pool, "POST", server.play(fault, fault)) is not None
            assert server.methods == ["POST"]
            url = server.play((303, {"Location": "/there"}), fault)
            assert run(readme(), ask, pool, "POST", url) is not None
            assert server.methods == ["POST", "GET"]
            assert run(readme(), ask, pool, "PUT", server.play(fault, fault)) is None

    def test_an_object_that_keeps_a_response_of_aiohttp_knows_its_request(self, server):
        class Order:
            async def send(self, url):
                async with (
                    aiohttp.ClientSession() as session,
                    session.post(url, data=b"one order") as self.response,
                ):
                    return await self.read()

            async def read(self):
                return await self.response.content.read()

        assert run(readme(), Order().send, server.play("half", "half")) is not None
        assert server.methods == ["POST"]

    @pytest.mark.parametrize("method", ["POST", "PUT"])
    @pytest.mark.parametrize("fault", ["half", "chunk"])
    def test_a_response_of_aiohttp_that_breaks_off_in_a_stream_knows_its_request(
        self, server, method, fault
    ):
        async def ask(url):
            async with aiohttp.ClientSession() as session:
                async with session.get(url):
                    pass
                async with session.request(method, url, data=b"one order") as response:
                    return await read(response.content)

        async def read(stream):
            return [line async for line in stream]

        url = server.play(200, fault, 200, fault)
        error = run(readme(), ask, url)
        assert (error is None) is (method == "PUT")
        assert server.methods.count(method) == (3 if method == "PUT" else 1)

    def test_an_error_that_the_caller_was_handling_is_another_story(self, server):
        def fetch(url):
            try:
                by_requests("POST", refused_url(), b"elsewhere")
            except requests.ConnectionError:
                by_requests("POST", url, b"one order")

        url = server.play("close", "close")
        assert run(readme(), fetch, url) is not None
        assert len(server.methods) == 1

    def test_the_timeout_of_a_try_is_transient(self):
        assert not http.is_final(TimeoutError())
        tried = []

        @readme(tried, timeout=0.01)
        async def fetch():
            await asyncio.sleep(http_peers.BOUND)

        with pytest.raises(TimeoutError):
            asyncio.run(fetch())
        assert len(tried) == TRIES

    def test_a_client_that_is_imported_later_counts(self, server):
        program = f"""
import sys, rebackoff
from rebackoff import http
tries = []

@rebackoff.on_exception(rebackoff.constant(0), http.errors(), giveup=http.is_final, max_tries=3, logger=None)
def fetch():
    import httpx
    tries.append(1)
    httpx.get({refused_url()!r})

assert "httpx" not in sys.modules and "requests" not in sys.modules and "aiohttp" not in sys.modules
try:
    fetch()
except Exception as error:
    print(len(tries), type(error).__name__)
"""
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert done.stdout == "3 ConnectError\n", done.stderr

    def test_an_error_of_another_kind_is_raised_at_once_and_untouched(self):
        tried, given_up = [], []

        def fetch():
            raise KeyError("no error of a request")

        decorate = readme(tried, on_giveup=given_up.append)
        assert isinstance(run(decorate, fetch), KeyError)
        assert (len(tried), given_up) == (1, [])

    def test_the_errors_can_be_added_to(self):
        assert KeyError in http.errors() + (KeyError,)
        assert KeyError in (KeyError,) + http.errors()
        assert ((KeyError,) + http.errors()).admits(KeyError())

    def test_urllib3s_own_retries_are_seen(self, server):
        session = requests.Session()
        retry = http_peers.requests.adapters.Retry(1, allowed_methods=None, backoff_factor=0)
        session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retry))
        with http_peers.serving() as brief:
            url = brief.play("close", "close")
            assert tries_of(session.post, url)[0] == 1
            assert len(brief.methods) == 2

    def test_spent_credit_is_permanent(self):
        body = b'{"error": {"code": "insufficient_quota"}}'
        response = requests.Response()
        response.status_code, response._content = 429, body
        response.request = requests.Request("GET", "http://shop").prepare()
        assert http.is_final(response)
        response._content = b'{"error": {"code": "rate_limit_exceeded"}}'
        assert http.is_transient(response)


def test_a_static_or_class_method_gets_a_key():
    class Shop:
        @http.with_idempotency_key
        @rebackoff.on_exception(rebackoff.expo, ConnectionError)
        @staticmethod
        def order(*, idempotency_key):
            return idempotency_key

        @http.with_idempotency_key
        @classmethod
        def named(cls, *, idempotency_key):
            return cls, idempotency_key

    assert Shop.order() != Shop().order()
    assert Shop().named(idempotency_key="mine") == (Shop, "mine")


def test_a_call_has_one_idempotency_key_for_all_its_tries(server):
    keys = []

    @http.with_idempotency_key
    @readme()
    def order(url, *, idempotency_key):
        keys.append(idempotency_key)
        by_requests("POST", url, b"one order", {"Idempotency-Key": idempotency_key})

    order(server.play(503, "close"))
    assert len(keys) == 3 and len(set(keys)) == 1
    order(server.play())
    assert len(set(keys)) == 2

    @http.with_idempotency_key
    async def order_async(*, idempotency_key):
        return idempotency_key

    assert inspect.iscoroutinefunction(order_async)
    assert asyncio.run(order_async()) not in keys
    with pytest.raises(TypeError, match="a decorated target must be callable, but it is 5"):
        http.with_idempotency_key(5)
