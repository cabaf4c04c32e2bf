"""Mistakes in options are errors at decoration, not at the first failure."""

from __future__ import annotations

import asyncio
import datetime
import enum
import functools
import itertools
import logging
import re
import threading
from decimal import Decimal
from unittest import mock

import pytest
import rebackoff
import rebackoff.presets
from rebackoff import http


async def coroutine_function(*args): ...


def generator_function(*args):
    yield


class Callable:
    """Its objects are functions of an outcome; the class is none."""

    def __init__(self, *statuses): ...

    def __call__(self, outcome): ...


class Nameless:
    """Has no representation."""

    def __repr__(self):
        raise RuntimeError


class Array:
    """No whole number, as an array of numpy finds when it is asked."""

    def __index__(self):
        raise TypeError("only integer scalar arrays can be converted to a scalar index")


class TooMany(Callable):
    def __call__(self): ...


POLICY = rebackoff.Policy(max_tries=2)


WRONG = [
    ({"jitter": 5}, TypeError, "jitter must be a function of the wait.* 5"),
    ({"jitter": "full"}, TypeError, r"'full'; did you mean rebackoff\.full_jitter\?"),
    ({"breaker": rebackoff.Keyed(rebackoff.Breaker)}, TypeError, "such as lambda host: guards"),
    ({"name": ""}, TypeError, "name must be a text of one letter or more, or None, but it is ''"),
    ({"attempts": 3}, TypeError, "there is no option 'attempts'; did you mean 'max_tries'"),
    ({"on_retry": print}, TypeError, "there is no option 'on_retry'; did you mean 'on_backoff'"),
    ({"wait": 3}, TypeError, "there is no option 'wait'; did you mean 'wait_gen'"),
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
    ({"nested": "never"}, ValueError, "nested must be 'allow' or 'once', but it is 'never'"),
    ({"max_tries": True}, TypeError, "max_tries must be a whole number.* True"),
    ({"max_tries": -(10**5000)}, ValueError, "max_tries .* it is of the class int"),
    ({"max_tries": "5" * 5000}, TypeError, "max_tries .* '5{299}…$"),
    ({"max_tries": coroutine_function}, TypeError, "max_tries is async"),
    ({"max_tries": Array()}, TypeError, "max_tries must be a whole number"),
    ({"backoff_log_level": Array()}, TypeError, "backoff_log_level must be a whole number"),
    ({"base": coroutine_function}, TypeError, "base is async, but no driver awaits it"),
    ({"max_time": False}, TypeError, "max_time"),
    ({"max_time": Decimal("sNaN")}, TypeError, "max_time"),
    ({"max_time": 1j}, TypeError, "max_time"),
    ({"max_time": coroutine_function}, TypeError, "max_time is async"),
    ({"timeout": 0}, ValueError, "timeout must be a number of seconds above 0"),
    ({"timeout": True}, TypeError, "timeout"),
    ({"hint": coroutine_function}, TypeError, "hint is async, but no driver awaits it"),
    ({"hint": lambda: 5}, TypeError, "hint .* which cannot be called with one argument"),
    ({"hint_spread": True}, TypeError, "hint_spread"),
    ({"jitter": lambda wait, more: wait}, TypeError, "jitter .* cannot be called with one"),
    ({"giveup": None}, TypeError, "giveup must be a function of the error, but it is None"),
    ({"giveup": lambda: True}, TypeError, "giveup .* cannot be called with one argument"),
    ({"on_backoff": lambda: None}, TypeError, "on_backoff .* cannot be called with one argument"),
    ({"on_giveup": [print, lambda *, log: None]}, TypeError, "on_giveup .* cannot be called with"),
    ({"on_try": b"log"}, TypeError, "on_try .* b'log'"),
    ({"raise_on_giveup": "no"}, TypeError, "raise_on_giveup must be True or False.* 'no'"),
    ({"raise_on_giveup": None}, TypeError, "raise_on_giveup"),
    ({"logger": logging.Logger}, TypeError, "logger"),
    ({"logger": logging.getLogger}, TypeError, "logger"),
    ({"backoff_log_level": True}, TypeError, "backoff_log_level"),
    ({"counts": lambda: True}, TypeError, "counts"),
    ({"counts": coroutine_function}, TypeError, "counts is async"),
    ({"budget": rebackoff.Budget}, TypeError, r"budget .* did you mean Budget\(\)\?"),
    ({"budget": rebackoff.Breaker()}, TypeError, r"budget must be a rebackoff\.Budget"),
    ({"breaker": rebackoff.Breaker}, TypeError, r"breaker .* did you mean Breaker\(\)\?"),
    (
        {"breaker": rebackoff.Keyed(rebackoff.Breaker)},
        TypeError,
        "function of the call's arguments",
    ),
    ({"breaker": coroutine_function}, TypeError, "breaker is async"),
    ({"base": "2"}, TypeError, "base must be a finite number of at least 0, but it is '2'"),
    ({"base": -2}, ValueError, "base"),
    ({"base": float("nan")}, ValueError, "base"),
    ({"factor": -1}, ValueError, "factor must be a finite number of seconds, 0 or more.* -1"),
    ({"factor": float("inf")}, ValueError, "factor"),
    ({"max_value": "30s"}, TypeError, "max_value must be a number of seconds.* '30s'"),
    ({"max_value": -1}, ValueError, "max_value"),
    ({"base": lambda: 2, "max_value": "30s"}, TypeError, "max_value"),
    (
        {"giveup": ValueError},
        TypeError,
        r"^giveup must be a function of the error, but it is <class 'ValueError'>; did you mean "
        r"lambda error: isinstance\(error, ValueError\)\?$",
    ),
    (
        {"giveup": http.is_transient},
        TypeError,
        r"giveup .*; did you mean rebackoff.http.is_final\?",
    ),
    ({"jitter": rebackoff.expo}, TypeError, "jitter .*; a wait strategy is the parameter wait_gen"),
    ({"jitter": rebackoff.fibo()}, TypeError, "jitter .*; a wait strategy is the parameter wait_"),
    ({"hint": rebackoff.full_jitter}, TypeError, "hint .*; a jitter is the parameter jitter"),
    ({"max_time": rebackoff.constant}, TypeError, "max_time .*; a wait strategy is the parameter"),
    ({"on_backoff": ValueError}, TypeError, "on_backoff .* <class 'ValueError'>$"),
    ({"counts": rebackoff.Breaker}, TypeError, "counts must be a function of the outcome"),
    ({"hint": Callable}, TypeError, r"hint .*; did you mean Callable\(\)\?"),
    ({"on_giveup": [print, Callable]}, TypeError, r"on_giveup .*; did you mean Callable\(\)\?"),
    ({"hint": TooMany()}, TypeError, "hint .* cannot be called with one argument"),
    (
        {"hint": functools.partial(lambda: 5)},
        TypeError,
        "hint .* cannot be called with one argument",
    ),
    ({"giveup": object}, TypeError, "giveup .* cannot be called with one argument"),
    ({"giveup": generator_function}, TypeError, "giveup .*, a generator function, which would not"),
    ({"on_try": generator_function}, TypeError, "on_try .*, a generator function, which would not"),
    ({"max_tries": int}, TypeError, "max_tries must be a whole number.* <class 'int'>"),
    ({"max_time": datetime.timedelta}, TypeError, "max_time must be a number of seconds"),
    ({"budget": generator_function}, TypeError, "budget .*, a generator function, which would not"),
    ({"breaker": rebackoff.Budget}, TypeError, r"breaker must be a rebackoff\.Breaker"),
    ({"cancelled_by": threading.Event}, TypeError, r"cancelled_by .*; did you mean Event\(\)\?"),
    (
        {"base": int},
        TypeError,
        "base must be a finite number of at least 0, but it is <class 'int'>",
    ),
    (
        {"policy_for": {5: POLICY}},
        TypeError,
        "^policy_for must be a dict of exception classes and policies, but it is .*, which has the key 5$",
    ),
    ({"policy_for": {OSError(): POLICY}}, TypeError, r"policy_for .*; did you mean the class OSE"),
    ({"policy_for": {OSError: rebackoff.expo}}, TypeError, "policy_for .*; did you mean Policy"),
    (
        {"giveup": functools.partial(http.is_final, method=5)},
        TypeError,
        "^method must be a text, such as 'POST', or None, but it is 5$",
    ),
    (
        {"hint": functools.partial(http.is_transient, statuses=503)},
        TypeError,
        "^statuses must be a collection of statuses",
    ),
]
DECORATORS = {
    "on_exception": lambda **options: rebackoff.on_exception(rebackoff.expo, OSError, **options),
    "on_predicate": lambda **options: rebackoff.on_predicate(rebackoff.expo, **options),
    "retry_context": lambda **options: rebackoff.retry_context(OSError, **options),
    "aretry_context": lambda **options: rebackoff.aretry_context(OSError, **options),
}
MISSING = {
    "on_exception": set(),
    "on_predicate": {"giveup", "raise_on_giveup", "policy_for"},
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


EXCEPTIONS = [
    (ConnectionError(), r"did you mean the class ConnectionError\?"),
    ("ConnectionError", "an exception class, or a tuple or list of them, but it is 'Conn"),
    ({ConnectionError}, "or a tuple or list of them"),
    ([OSError, "x"], r"but it is \[<class 'OSError'>, 'x'\]"),
    ((OSError, (KeyError, None)), "exception must be"),
    ((kind for kind in [OSError]), "exception must be"),
    (rebackoff.http.errors, r"did you mean to call it\?"),
    (rebackoff.expo, "exception must be"),
    (int, "but it is <class 'int'>$"),
    (None, "but it is None"),
    (5, "but it is 5"),
]


@pytest.mark.parametrize(("exception", "message"), EXCEPTIONS)
@pytest.mark.parametrize("decorator", ["on_exception", "retry_context", "aretry_context"])
def test_what_is_no_exception_is_an_error_at_decoration(decorator, exception, message):
    with pytest.raises(TypeError, match=message):
        getattr(rebackoff, decorator)(exception=exception, wait_gen=rebackoff.expo)


@pytest.mark.parametrize("exceptions", [ValueError, [ValueError], (KeyError, [(ValueError,)])])
def test_exceptions_come_in_tuples_and_lists(exceptions, flaky, sleeps):
    assert rebackoff.on_exception(rebackoff.expo, exceptions)(flaky(2))() == "done"


async def async_generator():
    yield


@pytest.mark.parametrize(
    "waits",
    [5, None, "expo", coroutine_function, async_generator, ValueError, int, rebackoff.Policy],
)
def test_what_gives_no_waits_is_an_error_at_decoration(waits):
    with pytest.raises(TypeError, match="wait_gen must be a generator function"):
        rebackoff.on_exception(waits, ValueError)


def test_a_function_that_gives_no_generator_is_an_error_before_the_first_try(flaky):
    target = flaky(1)
    call = rebackoff.on_exception(lambda: 5, ValueError)(target)
    with pytest.raises(TypeError, match="wait_gen must be a generator function.* which gave 5"):
        call()
    assert target.calls == 0


WAITS = [
    lambda: rebackoff.expo(max_value="30s"),
    lambda: rebackoff.constant("1"),
    lambda: rebackoff.constant(-1),
    lambda: rebackoff.constant([1, -1]),
    lambda: rebackoff.constant([1, "1"]),
    lambda: rebackoff.constant(None),
    lambda: rebackoff.constant({"1": 1}),
    lambda: rebackoff.constant(rebackoff.expo()),
    lambda: rebackoff.constant(True),
    lambda: rebackoff.fibo(max_value=float("nan")),
    lambda: rebackoff.linear(start="1"),
    lambda: rebackoff.linear(step=-1),
    lambda: rebackoff.decay(initial_value=-1),
    lambda: rebackoff.decay(decay_factor=float("nan")),
    lambda: rebackoff.decay(min_value="1"),
    lambda: rebackoff.decorrelated(base=-1),
    lambda: rebackoff.decorrelated(max_value=[60]),
    lambda: rebackoff.runtime(value=5),
    lambda: rebackoff.runtime(value=lambda: 5),
    lambda: rebackoff.runtime(value=coroutine_function),
    lambda: rebackoff.runtime(value=generator_function),
    lambda: rebackoff.runtime(value=ValueError),
    lambda: rebackoff.runtime(value=rebackoff.expo),
]


@pytest.mark.parametrize("make", WAITS)
def test_a_wrong_parameter_of_a_strategy_is_an_error_where_it_is_given(make):
    with pytest.raises((TypeError, ValueError), match="must be .*, but it is"):
        make()


@pytest.mark.parametrize("decorator", DECORATORS)
@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("max_trys", "there is no option 'max_trys'; did you mean 'max_tries'"),
        ("foo", "there is no option 'foo'; there are max_tries, max_time"),
    ],
)
def test_a_misspelt_option_gets_a_suggestion(decorator, option, message):
    with pytest.raises(TypeError, match=message):
        DECORATORS[decorator](**{option: 2})


@pytest.mark.parametrize("decorator", MISSING)
def test_a_suggestion_never_repeats_the_wrong_name(decorator):
    for option in MISSING[decorator]:
        with pytest.raises(TypeError) as raised:
            DECORATORS[decorator](**{option: 2})
        assert str(raised.value).count(repr(option)) == 1


def test_a_predicate_that_cannot_be_called_is_an_error_at_decoration():
    for predicate in (5, ValueError, rebackoff.expo, generator_function, http.is_final):
        with pytest.raises(TypeError, match="predicate must be a function of the value, but it is"):
            rebackoff.on_predicate(rebackoff.expo, predicate)


@pytest.mark.parametrize("judge", [http.is_final, http.is_transient])
@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"method": 5}, "method must be a text, such as 'POST', or None, but it is 5"),
        ({"any_method": "no"}, "any_method must be True or False, but it is 'no'"),
        ({"statuses": 503}, "statuses must be a collection of statuses.* but it is 503"),
    ],
)
def test_a_wrong_option_of_a_judge_of_http_is_an_error_whatever_the_outcome(judge, wrong, rule):
    with pytest.raises(TypeError, match=f"^{rule}"):
        judge(None, **wrong)


def test_polling_needs_a_function():
    with pytest.raises(TypeError, match="check_fn must be callable, but it is <property"):
        rebackoff.presets.poll_until_ready(property(lambda self: 5))


@pytest.mark.parametrize("name", ["max_tries", "max_time"])
@pytest.mark.parametrize("answer", [float("nan"), "5", True, lambda: 5, mock.Mock()])
def test_a_limit_that_is_no_number_is_an_error_where_it_is_asked_for(name, answer, flaky):
    call = rebackoff.on_exception(rebackoff.expo, ValueError, **{name: lambda: answer})
    with pytest.raises((TypeError, ValueError), match=f"{name} must be a .*number"):
        call(flaky(0))()


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("hint", Nameless()),
        ("jitter", Nameless()),
        ("jitter", -(10**5000)),
        ("counts", Nameless()),
        ("counts", 10**5000),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_an_answer_that_cannot_be_shown_is_an_error_that_names_its_source(name, answer, flaky):
    options = {name: lambda outcome: answer, "breaker": rebackoff.Breaker()}
    target = flaky(1)
    with rebackoff.testing.no_wait():
        call = rebackoff.on_exception(rebackoff.expo, ValueError, **options)(target)
        with pytest.raises((TypeError, ValueError), match=f"{name}.* gave of the class"):
            call()


@pytest.mark.parametrize(
    "make",
    [
        lambda wrong: rebackoff.deadline(wrong),
        lambda wrong: rebackoff.deadline(-(10**5000)),
        lambda wrong: rebackoff.Breaker(consecutive=wrong),
        lambda wrong: rebackoff.presets.retry_on_exception(wrong),
        lambda wrong: rebackoff.retry(rebackoff.expo, wrong),
        lambda wrong: rebackoff.telemetry.watch(wrong, wrong),
    ],
)
def test_a_value_that_cannot_be_shown_is_an_error_that_names_the_parameter(make):
    with pytest.raises((TypeError, ValueError), match="of the class (Nameless|int)"):
        make(Nameless())


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("fail_max", "did you mean 'consecutive'"),
        ("reset_timeout", "did you mean 'open_for'"),
        ("consecutiv", "did you mean 'consecutive'"),
        ("xyz", "there are consecutive, failure_rate"),
    ],
)
def test_a_breaker_suggests_the_parameter_that_is_meant(name, meant):
    with pytest.raises(TypeError, match=f"Breaker has no parameter '{name}'; {meant}"):
        rebackoff.Breaker(**{name: 5})


class Several(list):
    """A list that can be called."""

    def __call__(self, details):
        self.append(details)


@pytest.mark.parametrize("make", [mock.MagicMock, Several])
def test_a_handler_that_is_callable_and_iterable_is_one_handler(make, flaky, sleeps):
    handler = make()
    rebackoff.on_exception(rebackoff.expo, ValueError, on_backoff=handler)(flaky(2))()
    assert (handler.call_count if make is mock.MagicMock else len(handler)) == 2


@pytest.mark.parametrize(
    ("name", "answer"), [("giveup", False), ("jitter", 0), ("hint", None), ("counts", None)]
)
def test_a_mock_is_a_function(name, answer, flaky, sleeps):
    function = mock.Mock(return_value=answer)
    guard = {"breaker": rebackoff.Breaker()} if name == "counts" else {}
    rebackoff.on_exception(rebackoff.expo, ValueError, **{name: function}, **guard)(flaky(1))()
    assert function.called


def test_an_async_mock_is_awaited(flaky, sleeps):
    giveup, fails = mock.AsyncMock(return_value=False), flaky(1)

    @rebackoff.on_exception(rebackoff.expo, ValueError, giveup=giveup)
    async def call():
        return fails()

    assert asyncio.run(call()) == "done" and giveup.await_count == 1


class Loggers(str, enum.Enum):
    CALLS = "calls"


def test_the_name_of_a_logger_may_be_of_a_class_of_its_own(flaky, sleeps, caplog):
    caplog.set_level(logging.INFO)
    call = rebackoff.on_exception(
        rebackoff.expo, ValueError, logger=Loggers.CALLS, on_backoff=[print]
    )
    call(flaky(1))()
    assert [record.name for record in caplog.records] == ["calls"]


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


@pytest.mark.parametrize(
    ("make", "wrong", "rule"),
    [
        (rebackoff.Breaker, {"consecutive": True}, "a whole number of at least 1"),
        (rebackoff.Breaker, {"failure_rate": False}, "a number"),
        (rebackoff.Breaker, {"dry_run": "no"}, "True or False"),
        (rebackoff.Breaker, {"name": 5}, "a text"),
        (rebackoff.Breaker, {"shared": ""}, "a text of one letter or more"),
        (rebackoff.Breaker, {"on_state_change": lambda: None}, "a function of the breaker, .*"),
        (rebackoff.Breaker, {"on_state_change": ValueError}, "a function of the breaker, .*"),
        (rebackoff.Keyed, {"make": lambda a, b: None}, "a function .*"),
        (rebackoff.Budget.share, {"ratio": True}, "a number"),
        (rebackoff.Budget.throttle, {"dry_run": None}, "True or False"),
    ],
)
def test_a_guard_refuses_a_value_of_the_wrong_kind(make, wrong, rule):
    ((name, value),) = wrong.items()
    with pytest.raises(
        TypeError, match=rf"^{name} must be {rule}, but it is {re.escape(repr(value))}"
    ):
        make(**wrong)


@pytest.mark.parametrize("wrong", ["max_trys", "intervall"])
def test_a_misspelt_option_beside_a_configured_strategy_is_named(wrong):
    for make in (rebackoff.presets.http_retry, rebackoff.presets.rate_limit_retry):
        with pytest.raises(TypeError, match=f"^there is no option '{wrong}'; "):
            make(**{wrong: 5})


def test_swapped_strategy_and_exceptions_are_told_apart():
    for waits in (rebackoff.expo, rebackoff.expo(base=3)):
        with pytest.raises(
            TypeError, match=r"^exception .*; a wait strategy is the parameter wait_gen$"
        ):
            rebackoff.on_exception(ValueError, waits)


@pytest.mark.parametrize(
    ("given", "lacking"), [("slow_rate", "slow_after"), ("slow_after", "slow_rate")]
)
def test_half_of_a_slow_rate_names_the_other_half(given, lacking):
    with pytest.raises(TypeError, match=f"must be given together, but {lacking} is missing"):
        rebackoff.Breaker(**{given: 0.5})
