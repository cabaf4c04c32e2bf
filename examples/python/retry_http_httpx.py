"""httpx: the same decorator on a blocking and on an asynchronous function."""

import asyncio

import httpx
import rebackoff
from local.http_server import MisbehavingServer, ok, reset, status

patient = rebackoff.on_exception(rebackoff.expo(factor=0.05), httpx.HTTPError, max_tries=5)


@patient
def fetch(url):
    return httpx.get(url).raise_for_status().json()


@patient
async def fetch_async(url):
    async with httpx.AsyncClient(timeout=httpx.Timeout(5, read=0.3)) as client:
        return (await client.get(url)).raise_for_status().json()


def main():
    with MisbehavingServer() as server:
        print("blocking:", fetch(server.url(status(503), reset(), ok("back"))))
        slow_then_fast = server.url(ok("late", delay=5), ok("in time"))
        print("asynchronous:", asyncio.run(fetch_async(slow_then_fast)))


if __name__ == "__main__":
    main()
