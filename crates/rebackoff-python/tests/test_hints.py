"""Hints: the longest that is obeyed, how they are spread, and what headers ask for."""

from __future__ import annotations

import json
import pathlib
import random
from datetime import timedelta

import pytest
import rebackoff
from rebackoff._http_errors import hint_of_headers

HEADERS = pathlib.Path(__file__).resolve().parents[3] / "conformance" / "headers" / "hints.json"


def call(seconds, **options):
    """The reason why a call gives up whose target asks to wait so many seconds, each time."""
    reasons = []

    @rebackoff.on_exception(
        rebackoff.constant(2),
        ValueError,
        hint=lambda error: seconds,
        max_tries=2,
        on_giveup=lambda details: reasons.append(details["reason"]),
        raise_on_giveup=False,
        logger=None,
        **options,
    )
    def target():
        raise ValueError

    target()
    return reasons


def test_a_hint_above_the_ceiling_gives_up_unless_it_is_to_be_capped(sleeps):
    assert call(301) == ["hint"]
    assert call(11, hint_ceiling=10) == ["hint"]
    assert call(11, hint_ceiling=timedelta(seconds=10)) == ["hint"]
    assert sleeps == []
    assert call(11, hint_ceiling=10, hint_above="cap", jitter=None) == ["max_tries"]
    assert call(86400, hint_ceiling=None, jitter=None) == ["max_tries"]
    assert sleeps == [10, 86400]


def test_a_negative_hint_means_now_and_minus_infinity_stops(sleeps):
    for seconds in (-0.001, -7, timedelta(seconds=-3), -1e300):
        assert call(seconds, jitter=None) == ["max_tries"]
    assert sleeps == [2, 2, 2, 2]
    assert call(float("-inf")) == ["hint"]


def test_a_hint_is_spread_upward_by_a_tenth_unless_told_otherwise(sleeps):
    for _ in range(200):
        call(10)
        call(10, hint_spread=0.5)
    call(10, hint_spread=0)
    call(10, jitter=None)
    assert sleeps[-2:] == [10, 10]
    tenth, half = sleeps[:-2:2], sleeps[1:-2:2]
    assert 10 <= min(tenth) < 10.2 and 10.8 < max(tenth) <= 11
    assert 10 <= min(half) < 11 and 14 < max(half) <= 15


def test_the_spread_is_drawn_from_pythons_random(sleeps, monkeypatch):
    random.seed(7)
    call(10)
    random.seed(7)
    call(10)
    assert sleeps[0] == sleeps[1]

    def broken(low, high):
        raise ZeroDivisionError

    monkeypatch.setattr(random, "uniform", broken)
    with pytest.raises(ZeroDivisionError):
        call(10, jitter=lambda wait: wait)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"hint_ceiling": -1}, ValueError, "hint_ceiling must be a number of seconds, 0 or more"),
        ({"hint_ceiling": "60"}, TypeError, "or None for no limit, but it is '60'"),
        ({"hint_above": "wait"}, ValueError, "hint_above must be 'give_up' or 'cap'"),
        ({"hint_above": None}, TypeError, "but it is None"),
        (
            {"hint_spread": 1.5},
            ValueError,
            "hint_spread must be a share from 0 to 1, but it is 1.5",
        ),
        ({"hint_spread": "wide"}, TypeError, "but it is 'wide'"),
    ],
)
def test_a_wrong_option_is_an_error_at_decoration(options, error, message):
    with pytest.raises(error, match=message):
        rebackoff.on_exception(rebackoff.expo, ValueError, **options)


@pytest.mark.parametrize(
    "case", json.loads(HEADERS.read_text()), ids=lambda case: case["name"][:60]
)
def test_headers_ask_for_what_the_vectors_say(case):
    headers = [(name.title(), value) for name, value in case["headers"]]
    expected = float("-inf") if case["hint"] == "stop" else case["hint"]
    assert hint_of_headers(headers, case["now"]) == expected


def test_a_strange_clock_is_no_reason_to_fail():
    for now in (-1.0, float("nan"), float("inf"), 1e300):
        assert hint_of_headers([("Retry-After", "5")], now) == 5
