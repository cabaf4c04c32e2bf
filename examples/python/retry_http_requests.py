"""requests: retry what may pass, wait as the server asks, raise what is the caller's own fault."""

import rebackoff
import requests
from local.http_server import MisbehavingServer, ok, reset, status


def is_client_error(error):
    return error.response is not None and 400 <= error.response.status_code < 500


@rebackoff.on_exception(
    rebackoff.expo,
    requests.RequestException,
    factor=0.05,
    max_time=60,
    giveup=is_client_error,
)
def fetch(url):
    response = requests.get(url, timeout=5)
    response.raise_for_status()
    return response.json()


@rebackoff.on_predicate(
    rebackoff.runtime,
    lambda response: response.status_code == 429,
    value=lambda response: int(response.headers.get("Retry-After", 1)),
    jitter=None,
    max_tries=10,
)
def fetch_within_rate_limit(url):
    return requests.get(url, timeout=5)


def main():
    with MisbehavingServer() as server:
        url = server.url(status(503), reset(), status(500), ok({"rows": 7}))
        print("three failures, then:", fetch(url), "after", server.requests(url), "requests")

        url = server.url(status(429, retry_after=1), ok("served"))
        print("rate limited for one second, then:", fetch_within_rate_limit(url).json())

        url = server.url(status(404))
        try:
            fetch(url)
        except requests.HTTPError as error:
            print(f"not retried: {error}, {server.requests(url)} request")


if __name__ == "__main__":
    main()
