"""The ready-made decorators, without any HTTP library (see patterns/test_presets_http.py for those)."""

from __future__ import annotations

import asyncio
import doctest
import itertools
import logging
import pickle
import time
import urllib.error
from datetime import timedelta
from email.utils import formatdate

import pytest
import rebackoff
from rebackoff import presets
from rebackoff.presets import (
    RateLimitError,
    ServerError,
    TransientError,
    http_retry,
    log_backoff,
    poll_until_ready,
    rate_limit_retry,
    retry_after_hint,
    retry_on_exception,
    retry_on_predicate,
    transient_retry,
)


@pytest.fixture
def waits(monkeypatch):
    """The waits asked for; the clock moves by as much, and by nothing else."""
    asked = []
    now = [1000.0]
    let_others_run = asyncio.sleep

    def sleep(seconds):
        asked.append(seconds)
        now[0] += seconds

    async def async_sleep(seconds, result=None):
        sleep(seconds)
        await let_others_run(0)

    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(asyncio, "sleep", async_sleep)
    return asked


def target(*outcomes):
    """A function that raises or returns its outcomes in turn, the last one for ever."""
    left = list(outcomes)

    def play():
        outcome = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return play


def async_target(*outcomes):
    play = target(*outcomes)

    async def async_play():
        return play()

    return async_play


class TestRetryOnException:
    def test_it_waits_factor_times_base_to_the_n(self, waits):
        decorate = retry_on_exception(ValueError, OSError, base=3, factor=0.5, jitter=None)
        assert decorate(target(ValueError(), OSError(), ValueError(), "done"))() == "done"
        assert waits == [0.5, 1.5, 4.5]

    def test_five_tries_are_the_default(self, waits):
        with pytest.raises(ValueError, match="always"):
            retry_on_exception(ValueError)(target(ValueError("always")))()
        assert len(waits) == 4
        assert all(0 <= wait <= limit for wait, limit in zip(waits, [1, 2, 4, 8], strict=True))

    def test_whichever_limit_is_reached_first_ends_it(self, waits):
        decorate = retry_on_exception(ValueError, max_tries=100, max_time=6, jitter=None)
        with pytest.raises(ValueError, match="always"):
            decorate(target(ValueError("always")))()
        assert waits == [1, 2, 3]

    def test_other_exceptions_pass_through(self, waits):
        with pytest.raises(KeyError):
            retry_on_exception(ValueError)(target(KeyError()))()
        assert waits == []

    def test_giveup_ends_it(self, waits):
        decorate = retry_on_exception(ValueError, giveup=lambda error: "fatal" in str(error))
        with pytest.raises(ValueError, match="fatal"):
            decorate(target(ValueError("once"), ValueError("fatal")))()
        assert len(waits) == 1

    def test_an_asynchronous_target_is_retried_the_same_way(self, waits):
        decorate = retry_on_exception(ValueError, jitter=None)
        assert asyncio.run(decorate(async_target(ValueError(), ValueError(), "done"))()) == "done"
        assert waits == [1, 2]

    def test_no_exception_at_all_is_an_error(self):
        with pytest.raises(TypeError, match="needs one exception type at least"):
            retry_on_exception()

    def test_waits_and_giving_up_are_logged(self, waits, caplog):
        with pytest.raises(ValueError, match="always"):
            retry_on_exception(ValueError, max_tries=2, jitter=None)(target(ValueError("always")))()
        assert [(r.name, r.levelname, r.getMessage()) for r in caplog.records] == [
            ("backoff", "WARNING", "play failed on try 1, 0.0s elapsed, next try in 1.00s: always"),
            ("backoff", "ERROR", "play gave up after 2 tries, 1.0s elapsed: always"),
        ]

    def test_it_can_be_silent(self, waits, caplog):
        caplog.set_level(logging.DEBUG)
        with pytest.raises(ValueError, match="always"):
            retry_on_exception(ValueError, max_tries=2, log=False)(target(ValueError("always")))()
        assert caplog.records == []


class TestRetryOnPredicate:
    def test_it_polls_while_the_predicate_is_true(self, waits):
        decorate = retry_on_predicate(lambda value: value == "pending", factor=0.1, jitter=None)
        assert decorate(target("pending", "pending", "done"))() == "done"
        assert waits == [0.1, 0.2]

    def test_the_last_value_comes_back(self, waits):
        assert retry_on_predicate(lambda value: value < 9, max_tries=3)(target(1, 2, 3, 9))() == 3

    def test_waits_and_giving_up_are_logged(self, waits, caplog):
        retry_on_predicate(lambda value: value is None, max_tries=2, jitter=None)(target(None))()
        assert [record.getMessage() for record in caplog.records] == [
            "play failed on try 1, 0.0s elapsed, next try in 1.00s: None",
            "play gave up after 2 tries, 1.0s elapsed: None",
        ]


class TestRateLimitRetry:
    def test_it_waits_two_four_eight_seconds_at_most_without_a_hint(self, waits):
        assert rate_limit_retry()(target(*[RateLimitError()] * 3, "served"))() == "served"
        assert all(0 <= wait <= limit for wait, limit in zip(waits, [2, 4, 8], strict=True))

    def test_retry_after_is_the_least_wait_whatever_the_jitter(self, waits):
        for _ in range(50):
            waits.clear()
            assert rate_limit_retry()(target(RateLimitError(30.0), "served"))() == "served"
            assert 30 <= waits[0] <= 33 and len(waits) == 1

    def test_a_longer_wait_of_the_strategys_own_is_kept(self, waits):
        decorate = retry_on_exception(RateLimitError, factor=8, jitter=None)
        assert decorate(target(RateLimitError(1.0), "served"))() == "served"
        assert waits == [8]

    def test_a_hint_past_max_time_gives_up_at_once(self, waits):
        with pytest.raises(RateLimitError) as raised:
            rate_limit_retry(max_time=120)(target(RateLimitError(121.0)))()
        assert raised.value.retry_after == 121
        assert waits == []

    def test_hints_are_honoured_in_asynchronous_functions(self, waits):
        decorated = rate_limit_retry()(async_target(RateLimitError(30.0), "served"))
        assert asyncio.run(decorated()) == "served"
        assert 30 <= waits[0] <= 33 and len(waits) == 1

    def test_it_ends_after_max_tries(self, waits):
        with pytest.raises(RateLimitError):
            rate_limit_retry(max_tries=3)(target(RateLimitError(1.0)))()
        assert len(waits) == 2


class TestTransientRetry:
    def test_it_waits_the_same_interval_each_time(self, waits):
        decorate = transient_retry(max_tries=4, interval=0.25)
        assert decorate(target(TransientError(), KeyError(), OSError(), "done"))() == "done"
        assert waits == [0.25, 0.25, 0.25]

    def test_three_tries_are_the_default(self, waits):
        with pytest.raises(TransientError):
            transient_retry()(target(TransientError()))()
        assert waits == [1, 1]


class TestHttpRetry:
    @staticmethod
    def http_error(code, **headers):
        return urllib.error.HTTPError("http://shop", code, "", headers, None)

    def test_network_errors_of_the_standard_library_are_retried(self, waits):
        errors = [urllib.error.URLError("no route"), ConnectionResetError(), TimeoutError()]
        assert http_retry()(target(*errors, "done"))() == "done"
        assert len(waits) == 3

    @pytest.mark.parametrize("code", [408, 425, 429, 500, 502, 503, 504])
    def test_a_status_that_may_pass_is_retried(self, waits, code):
        assert http_retry()(target(self.http_error(code), "done"))() == "done"
        assert len(waits) == 1

    @pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 422])
    def test_a_client_error_is_raised_at_once(self, waits, code):
        with pytest.raises(urllib.error.HTTPError):
            http_retry()(target(self.http_error(code), "too late"))()
        assert waits == []

    def test_a_retry_after_header_is_honoured(self, waits):
        error = self.http_error(503, **{"Retry-After": "17"})
        assert http_retry()(target(error, "done"))() == "done"
        assert 17 <= waits[0] <= 18.7 and len(waits) == 1


class TestPollUntilReady:
    def test_it_polls_while_the_value_is_none(self, waits):
        assert poll_until_ready(target(None, None, 0)) == 0
        assert len(waits) == 2

    def test_a_predicate_says_what_is_not_ready(self, waits):
        state = poll_until_ready(
            target("starting", "warm", "ready"), lambda value: value != "ready"
        )
        assert state == "ready"
        assert len(waits) == 2

    def test_the_last_value_comes_back_after_max_tries(self, waits):
        assert poll_until_ready(target(None), max_tries=3) is None
        assert len(waits) == 2

    def test_max_time_ends_it(self, waits):
        assert poll_until_ready(target(None), max_tries=None, max_time=10.0) is None
        assert sum(waits) == pytest.approx(10)

    def test_an_asynchronous_check_is_awaited(self, waits):
        assert asyncio.run(poll_until_ready(async_target(None, None, "ready"))) == "ready"
        assert len(waits) == 2


class TestRetryAfterHint:
    @pytest.mark.parametrize(
        ("error", "seconds"),
        [
            (RateLimitError(3.5), 3.5),
            (RateLimitError(), None),
            (RateLimitError(-1.0), 0),
            (RateLimitError(timedelta(minutes=1)), 60),
            (RateLimitError("8"), 8),
            (ServerError("HTTP 503", retry_after=4.0), 4),
            (ServerError("HTTP 500"), None),
            (TestHttpRetry.http_error(429, **{"Retry-After": "5"}), 5),
            (TestHttpRetry.http_error(429, **{"Retry-After": "soon"}), None),
            (TestHttpRetry.http_error(429, **{"Retry-After": "inf"}), None),
            (TestHttpRetry.http_error(429), None),
            (ValueError("no answer at all"), None),
        ],
    )
    def test_it_is_read_from_the_exception(self, error, seconds):
        assert retry_after_hint(error) == seconds

    def test_a_date_is_turned_into_seconds_from_now(self):
        in_a_minute = formatdate(time.time() + 60, usegmt=True)
        error = TestHttpRetry.http_error(503, **{"Retry-After": in_a_minute})
        assert retry_after_hint(error) == pytest.approx(60, abs=2)

    def test_a_date_in_the_past_asks_for_nothing(self):
        error = TestHttpRetry.http_error(503, **{"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})
        assert retry_after_hint(error) is None

    def test_other_headers_than_retry_after_are_read_too(self):
        assert retry_after_hint(TestHttpRetry.http_error(503, **{"retry-after-ms": "1500"})) == 1.5


def test_a_rate_limit_error_survives_pickling():
    error = pickle.loads(pickle.dumps(RateLimitError(3.0)))
    assert error.retry_after == 3
    assert str(error) == "rate limited (retry_after=3.0)"


def test_handlers_name_a_target_without_a_name_by_its_representation(caplog):
    class Callable:
        def __repr__(self):
            return "<the target>"

    log_backoff({"target": Callable(), "tries": 1, "elapsed": 0.0, "wait": 1.0, "value": None})
    assert "<the target> failed on try 1" in caplog.text


def test_handlers_name_a_block_as_other_records_do(caplog):
    log_backoff({"tries": 1, "elapsed": 0.0, "wait": 1.0, "exception": OSError("down")})
    assert "retry_context failed on try 1" in caplog.text


def test_the_examples_in_the_documentation_are_right():
    failed, run = doctest.testmod(presets)
    assert run > 0
    assert failed == 0


class TestWithoutParentheses:
    @pytest.mark.parametrize("preset", [http_retry, rate_limit_retry, transient_retry])
    def test_a_preset_decorates(self, waits, preset):
        failures = [RateLimitError()] if preset is rate_limit_retry else [TimeoutError()]
        assert preset(target(*failures, "done"))() == "done"
        assert preset()(target(*failures, "done"))() == "done"
        assert asyncio.run(preset(async_target(*failures, "done"))()) == "done"
        assert len(waits) == 3

    def test_a_preset_that_needs_arguments_is_an_error_at_once(self):
        with pytest.raises(TypeError, match="takes exception types"):

            @retry_on_exception
            def fetch():
                """Never called."""

    @pytest.mark.parametrize("preset", [http_retry, rate_limit_retry, transient_retry])
    def test_an_exception_class_is_no_target(self, preset):
        with pytest.raises(TypeError, match=rf"{preset.__name__}\(\) names no exception classes"):
            preset(ValueError)


class TestConditionOfTheProgram:
    @pytest.mark.parametrize("is_last", [False, True])
    def test_it_takes_the_arguments_of_the_call(self, waits, is_last):
        decorate = http_retry(giveup=lambda _, key, *, last=False, **rest: last, max_tries=3)

        @decorate
        def fetch(key, *, last=False, error=None):
            calls.append(key)
            raise TimeoutError

        calls = []
        with pytest.raises(TimeoutError):
            fetch(7, last=is_last, error="an argument of the call")
        assert calls == [7] * (1 if is_last else 3)

    @pytest.mark.parametrize("is_over", [False, True])
    def test_it_is_awaited_for_a_coroutine_function(self, waits, is_over):
        async def giveup(error):
            return is_over

        tries = []

        @http_retry(giveup=giveup, max_tries=3, on_try=tries.append)
        async def fetch():
            raise TimeoutError

        with pytest.raises(TimeoutError):
            asyncio.run(fetch())
        assert len(tries) == (1 if is_over else 3)
        with pytest.raises(TypeError, match="giveup is async"):
            http_retry(giveup=giveup)(lambda: None)


class TestMistakes:
    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: http_retry(giveup=5), "giveup must be a function"),
            (lambda: http_retry(giveup=lambda: False), "giveup must be a function"),
            (lambda: http_retry(method=5), "method must be a text"),
            (lambda: http_retry(any_method="POST"), "any_method must be True or False"),
            (lambda: http_retry(log=5), "log must be True or False"),
            (lambda: http_retry(on_backoff=5), "on_backoff must be a function"),
            (lambda: transient_retry(on_giveup="log"), "on_giveup must be a function"),
            (
                lambda: presets.make_http_get(retry_statuses=503),
                "retry_statuses must be a collection",
            ),
            (
                lambda: presets.make_http_get(retry_statuses="503"),
                "retry_statuses must be a collection",
            ),
            (lambda: http_retry(on_backoff=itertools.repeat(print)), "more than 1000"),
        ],
    )
    def test_is_an_error_at_decoration(self, make, message):
        with pytest.raises((TypeError, ValueError), match=message):
            make()


class TestOptions:
    MAKERS = [
        lambda **options: retry_on_exception(TimeoutError, **options),
        http_retry,
        lambda **options: transient_retry(**options),
        lambda **options: rate_limit_retry(**options),
    ]

    @pytest.mark.parametrize("make", MAKERS, ids=range(4))
    def test_every_option_of_on_exception_is_taken(self, waits, make):
        seen = []
        decorate = make(
            max_tries=3,
            max_time=60,
            last_wait="stop",
            nested="allow",
            budget=rebackoff.Budget.per_second(rate=9),
            breaker=rebackoff.Breaker(),
            counts=lambda outcome: None,
            jitter=None,
            giveup=lambda error: False,
            hint=lambda error: 4,
            hint_ceiling=9,
            hint_above="cap",
            hint_spread=0.0,
            on_try=seen.append,
            on_success=seen.append,
            on_backoff=[seen.append],
            on_giveup=seen.append,
            raise_on_giveup=False,
            giveup_log_level=logging.INFO,
        )
        failure = RateLimitError() if make is self.MAKERS[3] else TimeoutError()
        assert decorate(target(failure))() is None
        assert waits == [4, 4]
        assert len(seen) == 3 + 2 + 1

    def test_a_handler_is_called_beside_the_log(self, waits, caplog):
        seen = []
        http_retry(on_backoff=seen.append)(target(TimeoutError(), "done"))()
        assert len(seen) == 1 and "failed on try 1" in caplog.text

    def test_a_logger_takes_the_place_of_the_presets_records(self, waits, caplog):
        http_retry(logger="shop")(target(TimeoutError(), "done"))()
        assert {record.name for record in caplog.records} <= {"shop"}

    def test_a_misspelt_option_is_an_error_at_decoration(self):
        for make in (http_retry, transient_retry, rate_limit_retry):
            with pytest.raises(TypeError, match="max_trie"):
                make(max_trie=3)

    def test_polling_takes_those_of_on_predicate(self, waits):
        seen = []
        poll_until_ready(target(None, 1), on_backoff=seen.append, jitter=None)
        retry_on_predicate(lambda value: value is None, on_backoff=seen.append)(target(None, 1))()
        assert len(seen) == 2


class TestHttpRetryAndMethods:
    @staticmethod
    def failing(method, status=503, headers=None):
        error = urllib.error.HTTPError("http://shop", status, "", headers or {}, None)
        error.method = method
        return error

    def test_a_post_is_not_repeated_that_may_have_had_its_effect(self, waits):
        with pytest.raises(urllib.error.HTTPError):
            http_retry()(target(self.failing("POST")))()
        assert waits == []
        assert http_retry()(target(self.failing("POST", 429), "done"))() == "done"
        assert http_retry(any_method=True)(target(self.failing("POST"), "done"))() == "done"
        assert http_retry(method="PUT")(target(self.failing("POST"), "done"))() == "done"
        assert http_retry()(target(self.failing(None), "done"))() == "done"

    @pytest.mark.parametrize("code", [501, 505])
    def test_what_a_server_is_unable_to_do_is_permanent(self, waits, code):
        with pytest.raises(urllib.error.HTTPError):
            http_retry()(target(self.failing("GET", code)))()
        assert waits == []

    def test_the_callers_condition_is_asked_too(self, waits):
        with pytest.raises(TimeoutError):
            http_retry(giveup=lambda error: True)(target(TimeoutError()))()
