"""A block of code that is retried in place, without a function of its own."""

from __future__ import annotations

import pytest
import rebackoff
import requests
from local.http_server import ok, status
from requests.exceptions import HTTPError


def test_a_block_is_retried_until_it_succeeds(server, waits):
    url = server.url(status(503), status(503), ok("back"))
    tries = 0

    for attempt in rebackoff.retry_context(HTTPError, rebackoff.expo, max_tries=5, jitter=None):
        with attempt:
            tries += 1
            response = requests.get(url, timeout=5)
            response.raise_for_status()

    assert response.json() == "back"
    assert tries == 3
    assert waits == [1, 2]


@pytest.mark.asyncio
async def test_an_asynchronous_block_gives_its_last_error_back(waits):
    tries = 0
    with pytest.raises(ConnectionError, match="try 3"):
        async for attempt in rebackoff.aretry_context(
            ConnectionError, rebackoff.expo, max_tries=3, jitter=None
        ):
            with attempt:
                tries += 1
                raise ConnectionError(f"try {tries}")
    assert waits == [1, 2]
