"""A block of code that is retried in place, without a function of its own."""

from __future__ import annotations

import asyncio

import pytest
import retry_context
from local.http_server import ok, status


@pytest.mark.usefixtures("no_jitter")
def test_a_block_is_retried_until_it_succeeds(server, waits):
    assert retry_context.fetch(server.url(status(503), status(503), ok("back"))) == "back"
    assert waits == [0.02, 0.04]


@pytest.mark.usefixtures("no_jitter")
def test_an_asynchronous_block_gives_its_last_error_back(waits):
    with pytest.raises(ConnectionError, match="try 3"):
        asyncio.run(retry_context.give_up())
    assert waits == [0.01, 0.01]
