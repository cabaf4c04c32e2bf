"""The ready-made decorators: HTTP, rate limits, transient errors, polling."""

import logging
import sys

import requests
from local.http_server import MisbehavingServer, ok, status
from rebackoff.presets import (
    RateLimitError,
    TransientError,
    http_retry,
    make_http_get,
    poll_until_ready,
    rate_limit_retry,
    retry_on_exception,
    transient_retry,
)


@http_retry(max_tries=5, max_time=60)
def fetch(url):
    response = requests.get(url, timeout=5)
    response.raise_for_status()
    return response.json()


@rate_limit_retry(max_time=10)
def fetch_within_rate_limit(url):
    response = requests.get(url, timeout=5)
    if response.status_code == 429:
        raise RateLimitError(float(response.headers["Retry-After"]))
    return response.json()


failures = iter([TransientError("a hiccup"), ValueError("another")])


@transient_retry(max_tries=3, interval=0.02)
def hiccups():
    for failure in failures:
        raise failure
    return "fine"


@retry_on_exception(OSError, max_tries=2, factor=0.02)
def broken():
    raise OSError("broken for good")


def main():
    logging.basicConfig(format="  %(levelname)s %(message)s", level=logging.INFO, stream=sys.stdout)
    with MisbehavingServer() as server:
        print(fetch(server.url(status(503, retry_after=0), ok("fetched"))))
        # full jitter may wait less than a second; the server's wish is a floor
        print(fetch_within_rate_limit(server.url(status(429, retry_after=1), ok("served"))))
        get = make_http_get(max_time=60)
        try:
            get(server.url(status(429, retry_after=3600)))
        except RateLimitError as error:
            print("an hour is past max_time:", error)
        print(hiccups())
        try:
            broken()
        except OSError as error:
            print("gave up:", error)
        job = server.url(ok(None), ok({"state": "ready"}))
        print("polled:", poll_until_ready(lambda: get(job).json()))


if __name__ == "__main__":
    main()
