"""aiohttp: many requests at once, each with retries of its own."""

import asyncio

import aiohttp
import rebackoff
from local.http_server import MisbehavingServer, ok, status


@rebackoff.on_exception(rebackoff.expo, aiohttp.ClientError, factor=0.05, max_tries=3)
async def fetch(session, url):
    async with session.get(url) as response:
        return await response.json()


async def fetch_all(urls):
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        return await asyncio.gather(*(fetch(session, url) for url in urls), return_exceptions=True)


def main():
    with MisbehavingServer() as server:
        urls = [
            server.url(ok("at once")),
            server.url(status(503), ok("second try")),
            server.url(status(503), status(503), ok("third try")),
            server.url(status(503)),
        ]
        for url, result in zip(urls, asyncio.run(fetch_all(urls)), strict=True):
            print(f"{server.requests(url)} requests: {result!r}")


if __name__ == "__main__":
    main()
