"""Mistakes in options are errors at decoration, not at the first failure."""

from __future__ import annotations

import itertools
import logging
from unittest import mock

import pytest
import rebackoff

WRONG = [
    ({"jitter": 5}, TypeError, "jitter must be a function of the wait.* 5"),
    ({"giveup": 5}, TypeError, "giveup must be a function of the error.* 5"),
    ({"giveup": "never"}, TypeError, "giveup"),
    ({"hint": 5}, TypeError, "hint must be a function of the outcome.* 5"),
    ({"on_try": 5}, TypeError, "on_try must be a function of the details"),
    ({"on_backoff": [None]}, TypeError, "on_backoff .* which has None"),
    ({"on_success": [print, 5]}, TypeError, "on_success .* which has 5"),
    ({"on_giveup": "log"}, TypeError, "on_giveup .* 'log'"),
    ({"on_backoff": itertools.repeat(print)}, ValueError, "on_backoff .* more than 1000"),
    ({"on_backoff": itertools.count()}, TypeError, "on_backoff"),
    ({"logger": True}, TypeError, "logger must be a logger, the name of one, or None.* True"),
    ({"logger": 20}, TypeError, "logger"),
    ({"backoff_log_level": "LOUD"}, TypeError, "backoff_log_level must be a whole number.*'LOUD'"),
    ({"giveup_log_level": None}, TypeError, "giveup_log_level"),
    ({"giveup_log_level": 2.5}, TypeError, "giveup_log_level"),
    ({"max_time": float("nan")}, ValueError, "max_time must be a number of seconds.* nan"),
    ({"max_time": 10**400}, ValueError, "max_time"),
    ({"hint_ceiling": 10**400}, ValueError, "hint_ceiling"),
    ({"hint_ceiling": float("nan")}, ValueError, "hint_ceiling"),
    ({"hint_spread": float("nan")}, ValueError, "hint_spread"),
    ({"timeout": float("nan")}, ValueError, "timeout"),
    ({"timeout": 10**400}, ValueError, "timeout"),
    ({"counts": 5}, TypeError, "counts must be a function"),
    ({"budget": 5}, TypeError, r"budget must be a rebackoff\.Budget"),
    ({"breaker": "open"}, TypeError, r"breaker must be a rebackoff\.Breaker"),
    ({"last_wait": 5}, TypeError, "last_wait must be 'shorten' or 'stop', but it is 5"),
]
DECORATORS = {
    "on_exception": lambda **options: rebackoff.on_exception(rebackoff.expo, OSError, **options),
    "on_predicate": lambda **options: rebackoff.on_predicate(rebackoff.expo, **options),
    "retry_context": lambda **options: rebackoff.retry_context(OSError, **options),
    "aretry_context": lambda **options: rebackoff.aretry_context(OSError, **options),
}
MISSING = {
    "on_exception": set(),
    "on_predicate": {"giveup"},
    "retry_context": {"timeout"},
    "aretry_context": {"timeout"},
}


@pytest.mark.parametrize(("options", "error", "message"), WRONG)
@pytest.mark.parametrize("decorator", DECORATORS)
def test_a_wrong_option_is_an_error_where_it_is_given(decorator, options, error, message):
    if MISSING[decorator] & set(options):
        error, message = TypeError, "there is no option"
    with pytest.raises(error, match=message):
        DECORATORS[decorator](**options)


def test_a_predicate_that_cannot_be_called_is_an_error_at_decoration():
    with pytest.raises(TypeError, match="predicate must be a function of the value, but it is 5"):
        rebackoff.on_predicate(rebackoff.expo, 5)


def test_a_limit_that_is_no_number_is_an_error_where_it_is_asked_for(flaky):
    call = rebackoff.on_exception(rebackoff.expo, ValueError, max_time=lambda: float("nan"))
    with pytest.raises(ValueError, match="max_time"):
        call(flaky(0))()


class Several(list):
    """A list that can be called."""

    def __call__(self, details):
        self.append(details)


@pytest.mark.parametrize("make", [mock.MagicMock, Several])
def test_a_handler_that_is_callable_and_iterable_is_one_handler(make, flaky, sleeps):
    handler = make()
    rebackoff.on_exception(rebackoff.expo, ValueError, on_backoff=handler)(flaky(2))()
    assert (handler.call_count if make is mock.MagicMock else len(handler)) == 2


@pytest.mark.parametrize("handlers", [[print], (print,), {print}, iter([print]), [], None])
def test_handlers_come_in_any_finite_iterable(handlers, flaky, sleeps):
    call = rebackoff.on_exception(rebackoff.expo, ValueError, on_backoff=handlers)(flaky(1))
    assert call() == call() == "done"


@pytest.mark.parametrize("max_time", [float("inf"), -1, 0, None])
def test_a_limit_that_is_a_number_is_none(max_time, flaky):
    rebackoff.on_exception(rebackoff.expo, ValueError, max_time=max_time)(flaky(0))()


class Levels:
    WORDS = logging.INFO


def test_loggers_of_other_libraries_are_loggers(flaky, sleeps):
    logger = mock.Mock(spec=["log"])
    rebackoff.on_exception(rebackoff.expo, ValueError, logger=logger)(flaky(1))()
    assert logger.log.call_count == 1


retried = rebackoff.on_exception(rebackoff.constant, ValueError, max_tries=2, interval=0)


class Client:
    tries = 0

    @retried
    @staticmethod
    def static(url="default"):
        return url

    @retried
    @classmethod
    def of_class(cls, url="default"):
        return cls, url

    @retried
    @property
    def page(self):
        self.tries += 1
        if self.tries < 2:
            raise ValueError
        return self.tries

    @page.setter
    def page(self, value):
        self.tries = value


def test_static_methods_class_methods_and_properties_can_be_decorated(sleeps):
    assert Client.static("a") == Client().static("a") == "a"
    assert Client().static() == "default"
    assert Client.of_class("a") == Client().of_class("a") == (Client, "a")
    client = Client()
    assert client.page == 2
    client.page = 5
    assert client.page == 6


def test_a_property_without_a_getter_is_refused():
    with pytest.raises(TypeError, match="only what can be called can be decorated"):
        retried(property())
