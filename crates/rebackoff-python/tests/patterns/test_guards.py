"""The guards of the examples, and a library with a budget of its own."""

from __future__ import annotations

import breakers
import budgets
import llm_apis
import openai
import pytest
import rebackoff
import requests
import writing_a_library
from local.http_server import ok, status


def test_an_open_breaker_rejects_calls_until_its_probe(server):
    url = server.url(*[status(503)] * 3, ok("back"))
    breakers.shop.reset()
    with rebackoff.testing.virtual_clock() as clock:
        with pytest.raises(requests.HTTPError, match="503"):
            breakers.fetch(url)
        with pytest.raises(rebackoff.CircuitOpenError):
            breakers.fetch(url)
        assert server.requests(url) == 3, "an open breaker costs the server nothing"
        clock.advance(1)
        assert breakers.fetch(url) == "back"


def test_a_budget_ends_the_retries_of_all_calls(waits):
    order = budgets.order.retry_with(budget=rebackoff.Budget.share(ratio=0.1, floor=0))
    assert sum(order.outcome().tries for _ in range(100)) == 110


def test_a_question_waits_as_the_server_asks_and_a_spent_quota_is_permanent(server, waits):
    url = server.url(llm_apis.BUSY, llm_apis.BUSY, llm_apis.ANSWER)
    with llm_apis.client_of(url) as client:
        assert llm_apis.ask(client, "why?") == "forty-two"
    assert len(waits) == 2 and min(waits) >= 0.1

    url = server.url(llm_apis.SPENT)
    with llm_apis.client_of(url) as client, pytest.raises(openai.RateLimitError):
        llm_apis.ask(client, "why?")
    assert server.requests(url) == 1


def test_the_users_of_a_library_choose_its_policy(server, waits):
    busy = status(429, retry_after=7)
    assert writing_a_library.Client(server.url(busy, ok("ordered"))).order("tea") == "ordered"
    assert len(waits) == 1 and 7 <= waits[0] <= 7.7
    for policy, tries in ((None, 1), (rebackoff.Policy("constant", max_tries=2), 2)):
        url = server.url(busy)
        with pytest.raises(writing_a_library.Busy):
            writing_a_library.Client(url, retry=policy).order("tea")
        assert server.requests(url) == tries
