"""Four gunicorn workers share one breaker, so that all of them leave a failing service alone.

With a service of your own: `UPSTREAM=http://… gunicorn --workers 4 'gunicorn_workers:make_app()'`
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import rebackoff
import requests
from local.http_server import MisbehavingServer, ok, status

RULE = {"consecutive": 5, "open_for": 3600}


def make_app():
    """Returns the application; each worker makes its own, and all have one breaker."""
    breaker = rebackoff.Breaker(**RULE, shared="upstream")

    @rebackoff.on_exception(
        rebackoff.expo, requests.RequestException, factor=0.01, max_tries=2, breaker=breaker
    )
    def fetch():
        response = requests.get(os.environ["UPSTREAM"], timeout=60)
        response.raise_for_status()
        return response.json()

    def app(environ, start_response):
        headers = [("Content-Type", "application/json"), ("X-Worker", str(os.getpid()))]
        try:
            answer, body = "200 OK", fetch()
        except rebackoff.CircuitOpenError as error:
            answer, body = "503 Service Unavailable", "left alone"
            headers.append(("Retry-After", str(int(error.retry_in) + 1)))
        except requests.RequestException as error:
            answer, body = "502 Bad Gateway", repr(error)
        start_response(answer, headers)
        return [json.dumps(body).encode()]

    return app


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


class Workers:
    """Four workers of gunicorn on a socket in a folder of their own."""

    def __init__(self, upstream):
        self.upstream = upstream

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory()
        self._socket = f"{self._folder.name}/socket"
        self._gunicorn = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--workers=4", f"--bind=unix:{self._socket}"]
            + [
                f"--chdir={Path(__file__).parent}",
                "--log-level=error",
                "gunicorn_workers:make_app()",
            ],
            env={**os.environ, "UPSTREAM": self.upstream},
        )
        self._wait_until_it_listens()
        return self

    def __exit__(self, *_):
        self._gunicorn.terminate()
        self._gunicorn.wait()
        self._folder.cleanup()

    def get(self, _=None):
        """The status of an answer, and the worker that gave it."""
        with closing(UnixConnection(self._socket)) as connection:
            connection.request("GET", "/")
            response = connection.getresponse()
            response.read()
            return response.status, response.headers["X-Worker"]

    def until_each_answered(self):
        """Asks until each worker has answered; returns the statuses by worker."""
        seen = {}
        while len(seen) < 4:
            with ThreadPoolExecutor(8) as pool:
                for code, worker in pool.map(self.get, range(16)):
                    seen.setdefault(worker, set()).add(code)
        return seen

    @rebackoff.on_exception(rebackoff.constant, OSError, interval=0.01, max_time=300, logger=None)
    def _wait_until_it_listens(self):
        with closing(UnixConnection(self._socket)) as connection:
            connection.connect()


def main():
    with MisbehavingServer() as server, tempfile.TemporaryDirectory() as folder:
        os.environ["REBACKOFF_SHARED_DIR"] = f"{folder}/guards"
        url = server.url(*[status(503)] * 5, ok("back"))
        with Workers(url) as workers:
            print("the service fails:", [workers.get()[0] for _ in range(3)])
            print("each worker rejects:", list(workers.until_each_answered().values()))
            print("requests that the service had:", server.requests(url))
            # `rebackoff guard reset upstream` does this in a shell
            rebackoff.Breaker(**RULE, shared="upstream").reset()
            print("after a reset:", workers.get()[0])


if __name__ == "__main__":
    main()
