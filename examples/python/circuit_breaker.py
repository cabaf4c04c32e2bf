"""A circuit breaker written by hand: `giveup` counts failures and ends the retries when it opens."""

import time

import rebackoff
import requests
from local.http_server import MisbehavingServer, ok, status


class CircuitOpen(Exception):
    pass


class Breaker:
    """Opens after so many failures, and lets calls through again `timeout` seconds later."""

    def __init__(self, failure_threshold, timeout):
        self.failure_threshold = failure_threshold
        self.timeout = timeout
        self.failures = 0
        self.opened_at = None

    def lets_through(self):
        if self.opened_at is not None and time.monotonic() - self.opened_at > self.timeout:
            self.opened_at = None
            self.failures = 0
        return self.opened_at is None

    def open_after_failure(self, error):
        self.failures += 1
        if self.failures >= self.failure_threshold:
            self.opened_at = time.monotonic()
        return not self.lets_through()


breaker = Breaker(failure_threshold=3, timeout=0.1)


@rebackoff.on_exception(
    rebackoff.expo,
    requests.RequestException,
    factor=0.01,
    giveup=breaker.open_after_failure,
    max_tries=5,
)
def protected(url):
    if not breaker.lets_through():
        raise CircuitOpen
    response = requests.get(url, timeout=5)
    response.raise_for_status()
    return response.json()


def main():
    with MisbehavingServer() as server:
        url = server.url(status(503), status(503), status(503), ok("back"))
        for _ in range(2):
            try:
                protected(url)
            except (CircuitOpen, requests.HTTPError) as error:
                print(f"{server.requests(url)} requests so far: {error!r}")
        time.sleep(0.15)
        print("closed again:", protected(url))


if __name__ == "__main__":
    main()
