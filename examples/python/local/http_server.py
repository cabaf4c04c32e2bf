"""An HTTP server that misbehaves in the order it is told to.

`server.url(...)` makes an address whose first request gets the first answer, the second the
second and so on; the last answer is repeated for ever. Nothing is left to chance, so a program
that calls it does the same on every run.

    with MisbehavingServer() as server:
        url = server.url(status(503), reset(), ok({"ready": True}))
"""

from __future__ import annotations

import itertools
import json
import socket
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    """One answer: what the server says, after how many seconds, or that it hangs up instead."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    hang_up: bool = False


def ok(body: Any = None, *, delay: float = 0.0) -> Answer:
    """200 with `body` as JSON, after `delay` seconds."""
    return Answer(body=body, delay=delay)


def status(
    code: int, *, retry_after: object = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """An answer with that status code and, when given, headers, of which `Retry-After` is one."""
    sent = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Answer(status=code, body={"status": code}, headers=sent | dict(headers or {}))


def reset() -> Answer:
    """No answer: the connection is reset after the request was read."""
    return Answer(hang_up=True)


class MisbehavingServer:
    """A server on a free loopback port, alive inside its `with` block."""

    def __enter__(self) -> MisbehavingServer:
        self._answers: dict[str, tuple[Answer, ...]] = {}
        self._requests: dict[str, int] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._names = itertools.count(1)
        self._http = _QuietServer(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def url(self, *answers: Answer) -> str:
        """A new address that gives these answers, one a request."""
        path = f"/{next(self._names)}"
        self._answers[path] = answers
        self._requests[path] = 0
        return f"http://127.0.0.1:{self._http.server_port}{path}"

    def requests(self, url: str) -> int:
        """Returns how many requests that address has had."""
        return self._requests["/" + url.rpartition("/")[2]]

    def _next_answer(self, path: str) -> Answer:
        with self._lock:
            path = "/" + path.split("/")[1]  # clients append paths of their own
            answers = self._answers.get(path)
            if not answers:
                return Answer(status=404)
            number = self._requests[path]
            self._requests[path] += 1
            answer = answers[min(number, len(answers) - 1)]
        # an event rather than a sleep: closing the server ends a slow answer at once
        self._closing.wait(answer.delay)
        return answer


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has stopped listening is part of the game."""


def _handler_of(server: MisbehavingServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def do_GET(self) -> None:
            answer = server._next_answer(self.path)
            if answer.hang_up:
                _reset_connection(self.connection)
                self.close_connection = True
                return
            body = json.dumps(answer.body).encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """The program tells what happens, the server does not."""

    return Handler


def _reset_connection(connection: socket.socket) -> None:
    # lingering for no time turns close() into a TCP reset
    linger = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connection.shutdown(socket.SHUT_RD)
    connection.close()
