"""Polling: a job that is pending, a resource that is not there yet, a queue that is empty."""

from __future__ import annotations

import asyncio
import queue

import polling
import pytest
import rebackoff
import requests
from local.http_server import ok, status


def test_a_job_is_polled_at_even_intervals_until_it_is_complete(server, waits):
    pending, complete = ok({"status": "pending"}), ok({"status": "complete", "result": 42})
    with rebackoff.testing.no_jitter():
        job = polling.wait_for_job(server.url(pending, pending, pending, complete))
    assert job["result"] == 42
    assert waits == [0.05, 0.05, 0.05]


def test_a_job_that_never_completes_gives_its_last_state_back(server, waits):
    url = server.url(ok({"status": "pending"}))

    @rebackoff.on_predicate(
        rebackoff.constant, lambda job: job["status"] != "complete", interval=5, max_tries=4
    )
    def wait_for_job(url):
        return requests.get(url, timeout=5).json()

    assert wait_for_job(url) == {"status": "pending"}
    assert server.requests(url) == 4


def test_a_resource_is_awaited_through_not_found(server, waits):
    url = server.url(status(404), status(404), status(404), ok("volume"))
    assert polling.wait_for_resource(url) == "volume"
    assert waits == [1 / 50, 1 / 50, 2 / 50], "fibonacci, jittered by the example's own function"


class LateMessages(queue.Queue):
    """A queue that is empty when its size is asked for the first three times."""

    asked = 0

    def qsize(self):
        self.asked += 1
        if self.asked == 4:
            self.put("hello")
        return super().qsize() if self.asked >= 4 else 0


def test_a_queue_is_polled_until_it_holds_messages(waits):
    assert polling.poll_queue(LateMessages()) == ["hello"]
    assert waits == [0.02, 0.02, 0.02]


def test_without_a_predicate_whatever_is_falsy_is_polled_again(waits):
    values = iter([None, [], 0, "", "message"])

    @rebackoff.on_predicate(rebackoff.fibo, max_value=13, jitter=None)
    def poll():
        return next(values)

    assert poll() == "message"
    assert waits == [1, 1, 2, 3]


@pytest.mark.asyncio
async def test_an_asynchronous_queue_is_polled_the_same_way(waits):
    messages = asyncio.Queue()

    async def publish_on_second_poll(details):
        if details["tries"] == 2:
            await messages.put("hello")

    @rebackoff.on_predicate(
        rebackoff.constant, interval=1, jitter=None, on_backoff=publish_on_second_poll
    )
    async def poll():
        return None if messages.empty() else messages.get_nowait()

    assert await poll() == "hello"
    assert waits == [1, 1]
