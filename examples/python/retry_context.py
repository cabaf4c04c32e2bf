"""A block of code that is retried in place, with the local variables it needs."""

import asyncio

import rebackoff
import requests
from local.http_server import MisbehavingServer, ok, status


def fetch(url):
    for attempt in rebackoff.retry_context(
        requests.HTTPError, rebackoff.expo, factor=0.02, max_tries=5
    ):
        with attempt:
            response = requests.get(url, timeout=5)
            response.raise_for_status()
    return response.json()


async def give_up():
    tries = 0
    async for attempt in rebackoff.aretry_context(
        ConnectionError, rebackoff.constant, interval=0.01, max_tries=3
    ):
        with attempt:
            tries += 1
            raise ConnectionError(f"try {tries} failed")


def main():
    with MisbehavingServer() as server:
        print("fetched:", fetch(server.url(status(503), status(503), ok("back"))))
    try:
        asyncio.run(give_up())
    except ConnectionError as error:
        print("gave up:", error)


if __name__ == "__main__":
    main()
