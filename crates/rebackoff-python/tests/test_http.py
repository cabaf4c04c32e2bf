"""Reading responses and errors never raises, whatever is in them."""

from __future__ import annotations

import random
import urllib.error
from email.message import Message
from types import SimpleNamespace

import pytest
import rebackoff
from rebackoff import http


class Hostile:
    """Raises whatever is asked of it."""

    def __getattr__(self, name):
        raise RuntimeError(name)

    def __iter__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    "outcome",
    [
        None,
        Hostile(),
        SimpleNamespace(headers=Hostile()),
        SimpleNamespace(headers=None, status_code="503"),
        SimpleNamespace(headers={None: None, b"Retry-After": b"7"}),
        SimpleNamespace(response=Hostile()),
        SimpleNamespace(request=Hostile(), status_code=503),
        SimpleNamespace(status=503, method=7, request_info=SimpleNamespace(headers=[1, None])),
        ValueError("no request"),
    ],
    ids=list("abcdefghi"),  # pytest would ask the hostile one for its name
)
def test_what_is_no_answer_asks_for_nothing_and_is_not_retried(outcome):
    assert http.hint(outcome) is None
    assert not http.is_transient(outcome)
    assert http.is_final(outcome)


def test_malformed_text_falls_back_to_the_strategy(sleeps):
    chance = random.Random(4)
    letters = "0123456789.,:;-+eEinfaGMT \t\x00\xff\u0663\udcff=r"
    names = ["retry-after", "Retry-After-Ms", "ratelimit", "x-ratelimit-reset", "RateLimit-Reset"]
    for _ in range(5_000):
        text = "".join(chance.choices(letters, k=chance.randrange(12)))
        seconds = http.hint(SimpleNamespace(headers={chance.choice(names): text}))
        assert seconds is None or 0 <= seconds <= 366 * 86400, text


def test_the_largest_of_two_headers_with_one_name_holds():
    headers = Message()
    headers["Retry-After"] = "5"
    headers["Retry-After"] = "9"
    assert http.hint(SimpleNamespace(headers=headers)) == 9


def test_errors_of_the_standard_library_have_no_method_of_their_own():
    answer = urllib.error.HTTPError("http://localhost", 503, "busy", Message(), None)
    assert not http.is_transient(answer)
    assert http.is_transient(answer, method="get")
    assert http.is_transient(TimeoutError(), method="PUT")
    assert not http.is_transient(TimeoutError(), method="PATCH")
    assert http.is_transient(ConnectionRefusedError(), method="POST")  # nothing was sent
    answer.close()


def test_the_caller_may_name_the_statuses():
    answer = SimpleNamespace(status_code=409, method="GET")
    assert not http.is_transient(answer)
    assert http.is_transient(answer, statuses={409})
    assert not http.is_transient(SimpleNamespace(status_code=503, method="GET"), statuses={409})


def test_the_usual_options_work_together(sleeps):
    answers = iter([503, 503, 200])

    @rebackoff.on_predicate(rebackoff.expo, http.is_transient, hint=http.hint, logger=None)
    def fetch():
        return SimpleNamespace(
            status_code=next(answers), headers={"Retry-After": "4"}, method="GET"
        )

    assert fetch().status_code == 200
    assert len(sleeps) == 2 and all(4 <= wait <= 4.4 for wait in sleeps)
