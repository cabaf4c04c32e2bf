"""Hints of a server are a floor, and a request that must not happen twice is not sent twice."""

import functools

import rebackoff
import requests
from local.http_server import MisbehavingServer, ok, status
from rebackoff import http


def patient(**told):
    return rebackoff.on_exception(
        rebackoff.expo(factor=0.01),
        http.errors(),
        giveup=functools.partial(http.is_final, **told),
        hint=http.hint,
        max_tries=5,
        logger=None,
        on_backoff=lambda details: print(f"  waiting {details['wait']:.2f} s"),
    )


def send(method, url, **headers):
    response = requests.request(method, url, headers=headers, timeout=5)
    response.raise_for_status()
    return response.json()


def main():
    with MisbehavingServer() as server:
        busy = status(503, headers={"retry-after-ms": "100"})
        print("GET:", patient()(send)("GET", server.url(busy, busy, ok("read"))))

        url = server.url(busy, ok("ordered twice?"))
        try:
            patient()(send)("POST", url)
        except requests.HTTPError as error:
            print(f"POST: {error}, {server.requests(url)} request")

        key = {"Idempotency-Key": "order-7"}
        print("POST with a key:", patient()(send)("POST", server.url(busy, ok("ordered")), **key))
        print("any method:", patient(any_method=True)(send)("POST", server.url(busy, ok("logged"))))

        url = server.url(status(429, retry_after=3600))
        try:
            patient()(send)("GET", url)
        except requests.HTTPError as error:
            print(f"come back in {http.hint(error):.0f} s: {error}")


if __name__ == "__main__":
    main()
