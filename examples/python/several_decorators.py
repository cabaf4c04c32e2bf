"""Several decorators on one function: one for each kind of failure, the innermost speaks first."""

import rebackoff
import requests
from local.http_server import MisbehavingServer, ok, reset, status


def tell(what):
    return lambda details: print(f"  {what}: waiting {details['wait']:.2f}s")


@rebackoff.on_predicate(
    rebackoff.fibo,
    lambda result: result is None,
    max_value=13,
    jitter=lambda wait: wait / 50,
    on_backoff=tell("not ready"),
)
@rebackoff.on_exception(
    rebackoff.expo,
    requests.HTTPError,
    factor=0.02,
    giveup=lambda error: 400 <= error.response.status_code < 500,
    max_time=60,
    on_backoff=tell("HTTP error"),
)
@rebackoff.on_exception(
    rebackoff.constant,
    (requests.Timeout, requests.ConnectionError),
    interval=0.01,
    max_tries=3,
    on_backoff=tell("no answer"),
)
def fetch_when_ready(url):
    response = requests.get(url, timeout=(5, 0.5))
    response.raise_for_status()
    data = response.json()
    return data if data["ready"] else None


def main():
    with MisbehavingServer() as server:
        not_ready, ready = ok({"ready": False}), ok({"ready": True})
        url = server.url(reset(), status(503), not_ready, reset(), not_ready, ready)
        print("result:", fetch_when_ready(url))


if __name__ == "__main__":
    main()
