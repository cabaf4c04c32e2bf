"""Polling: a job that is pending, a resource that is not there yet, a queue that is empty."""

from __future__ import annotations

import asyncio
import queue

import pytest
import rebackoff
import requests
from local.http_server import ok


def test_a_job_is_polled_at_even_intervals_until_it_is_complete(server, waits):
    pending, complete = ok({"status": "pending"}), ok({"status": "complete", "result": 42})
    url = server.url(pending, pending, pending, complete)

    @rebackoff.on_predicate(
        rebackoff.constant,
        lambda job: job["status"] != "complete",
        interval=5,
        max_time=600,
        jitter=None,
    )
    def wait_for_job(url):
        return requests.get(url, timeout=5).json()

    assert wait_for_job(url)["result"] == 42
    assert waits == [5, 5, 5]


def test_a_job_that_never_completes_gives_its_last_state_back(server, waits):
    url = server.url(ok({"status": "pending"}))

    @rebackoff.on_predicate(
        rebackoff.constant, lambda job: job["status"] != "complete", interval=5, max_tries=4
    )
    def wait_for_job(url):
        return requests.get(url, timeout=5).json()

    assert wait_for_job(url) == {"status": "pending"}
    assert server.requests(url) == 4


class ResourceNotFound(Exception):
    pass


class Resource:
    def __init__(self, ready):
        self.ready = ready

    def is_ready(self):
        return self.ready


def test_a_resource_is_awaited_through_not_found_and_not_ready(waits):
    states = iter(
        [ResourceNotFound(), ResourceNotFound(), Resource(False), Resource(False), Resource(True)]
    )

    def get_resource(_):
        state = next(states)
        if isinstance(state, Exception):
            raise state
        return state

    @rebackoff.on_predicate(
        rebackoff.fibo, lambda result: not result, max_value=2, max_time=300, jitter=None
    )
    def wait_for_resource(name):
        try:
            resource = get_resource(name)
            return resource if resource.is_ready() else None
        except ResourceNotFound:
            return None

    assert wait_for_resource("volume").is_ready()
    assert waits == [1, 1, 2, 2], "fibonacci, capped at max_value"


def test_a_queue_is_polled_until_it_holds_messages(waits):
    messages = queue.Queue()

    def publish_on_third_poll(details):
        if details["tries"] == 3:
            messages.put("hello")

    @rebackoff.on_predicate(
        rebackoff.constant,
        lambda received: len(received) == 0,
        interval=2,
        jitter=None,
        on_backoff=publish_on_third_poll,
    )
    def poll(source):
        return [source.get_nowait() for _ in range(source.qsize())]

    assert poll(messages) == ["hello"]
    assert waits == [2, 2, 2]


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
