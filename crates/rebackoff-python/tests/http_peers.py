"""A local HTTP server that plays a list of answers and faults, a function for each client that calls it, and the options of the guide."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import aiohttp
import httpx
import httpx2
import pytest
import rebackoff
import requests
from rebackoff import http

BOUND = 120.0
# it takes a fifth of a second to make
TLS = ssl.create_default_context()
OPTIONS = {"timeout": BOUND, "follow_redirects": True, "trust_env": False, "verify": TLS}


class Server(ThreadingHTTPServer):
    """Answers by a script, one entry for each request, then with 200.

    An entry is a status, a pair of status and headers, or the name of a fault: `close` before the first
    byte, `reset` of the connection, `half` of a body, `chunk` that breaks off, `interim` response alone.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = []
        self.requests = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/"

    def play(self, *script):
        self.script[:] = script
        self.requests.clear()
        return self.url

    def handle_error(self, request, client_address):
        """Faults are on purpose."""

    @property
    def methods(self):
        return [method for method, _, _ in self.requests]

    @property
    def bodies(self):
        return [body for _, _, body in self.requests]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = BOUND

    def do_GET(self):
        body = self.read_body()
        self.server.requests.append((self.command, dict(self.headers), body))
        answer = self.server.script.pop(0) if self.server.script else 200
        if isinstance(answer, str):
            self.close_connection = True
            getattr(self, answer)()
            return
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"ok")

    do_POST = do_PUT = do_PATCH = do_HEAD = do_DELETE = do_GET

    def read_body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while True:
            size = int(self.rfile.readline(), 16)
            body += self.rfile.read(size)
            self.rfile.readline()
            if not size:
                return body

    def close(self):
        """Nothing is answered."""

    def reset(self):
        linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    def half(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    def chunk(self):
        self.wfile.write(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nff\r\nx"
        )

    def interim(self):
        self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def log_message(self, *args):
        pass


@contextmanager
def serving():
    server = Server()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def refused_url():
    """The address of a port where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"


# Each client sends a request, reads the whole response and raises for a status of an error.


def by_requests(method, url, body=None, headers=None):
    response = requests.request(method, url, data=body, headers=headers, timeout=BOUND)
    response.raise_for_status()


def by_httpx(method, url, body=None, headers=None, httpx=httpx):
    with httpx.Client(**OPTIONS) as client:
        client.request(method, url, content=body, headers=headers).raise_for_status()


def by_httpx2(method, url, body=None, headers=None):
    by_httpx(method, url, body, headers, httpx2)


async def by_async_httpx(method, url, body=None, headers=None, httpx=httpx):
    async with httpx.AsyncClient(**OPTIONS) as client:
        response = await client.request(method, url, content=body, headers=headers)
        response.raise_for_status()


async def by_async_httpx2(method, url, body=None, headers=None):
    await by_async_httpx(method, url, body, headers, httpx2)


async def by_aiohttp(method, url, body=None, headers=None):
    # aiohttp repeats idempotent requests once on connections that it used before: these are new
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, data=body, headers=headers) as response,
    ):
        response.raise_for_status()
        await response.read()


def by_urllib(method, url, body=None, headers=None):
    request = urllib.request.Request(url, body, headers or {}, method=method)
    with urllib.request.urlopen(request, timeout=BOUND) as response:
        response.read()


SENDERS = [
    by_requests,
    by_httpx,
    by_httpx2,
    by_async_httpx,
    by_async_httpx2,
    by_aiohttp,
    by_urllib,
]


def run(decorate, send, *args):
    """Calls a sender, decorated, and returns its error or None."""
    try:
        result = decorate(send)(*args)
        if asyncio.iscoroutine(result):
            asyncio.run(result)
    except Exception as error:
        return error
    return None


# the tries of `readme`
TRIES = 4
by_each_client = pytest.mark.parametrize("send", SENDERS, ids=lambda send: send.__name__[3:])


def readme(tried=None, **options):
    """The line of the guide, without waits."""
    return rebackoff.on_exception(
        rebackoff.constant(0),
        http.errors(),
        **{"giveup": http.is_final, "hint": http.hint, "max_tries": TRIES, **options},
        jitter=None,
        logger=None,
        on_try=[] if tried is None else tried.append,
    )


def tries_of(send, *args, **options):
    tried = []
    error = run(readme(tried, **options), send, *args)
    return len(tried), error
