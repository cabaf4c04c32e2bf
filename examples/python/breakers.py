"""A breaker: calls fail at once while it is open, and cost the target nothing."""

import time

import rebackoff
import requests
from local.http_server import MisbehavingServer, ok, status

shop = rebackoff.Breaker(
    consecutive=3,
    open_for=0.1,  # in a service: 30 seconds
    name="shop",
    on_state_change=lambda breaker, before, now: print(f"  {breaker.name}: {before}, now {now}"),
)


@rebackoff.on_exception(
    rebackoff.expo(factor=0.01), requests.RequestException, max_tries=5, breaker=shop, logger=None
)
def fetch(url):
    response = requests.get(url, timeout=5)
    response.raise_for_status()
    return response.json()


def main():
    with MisbehavingServer() as server:
        url = server.url(*[status(503)] * 3, ok("back"))
        for _ in range(2):
            try:
                fetch(url)
            except (requests.HTTPError, rebackoff.CircuitOpenError) as error:
                print(f"{server.requests(url)} requests so far: {error}")
        time.sleep(0.15)
        print("the probe succeeded:", fetch(url))


if __name__ == "__main__":
    main()
