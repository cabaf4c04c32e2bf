"""The behaviour that programs with backoff rely on."""

from __future__ import annotations

import asyncio
import inspect
import logging
import pickle
import random
import sys
import time
import traceback
import warnings
from unittest import mock

import freezegun
import pytest
import rebackoff


def decorated(target, **options):
    options.setdefault("wait_gen", rebackoff.expo)
    return rebackoff.on_exception(exception=ValueError, **options)(target)


def test_handlers_run_inside_the_except_block(flaky, sleeps):
    seen = []

    def on_backoff(details):
        seen.append(sys.exc_info()[1])
        with pytest.raises(ValueError, match="lost"):
            raise
        try:
            raise KeyError
        except KeyError as error:
            seen.append(error.__context__)

    error = ValueError("lost")
    decorated(flaky(1, error), on_backoff=on_backoff)()
    assert seen == [error, error]


def test_an_error_of_a_handler_comes_through_with_the_targets_error_as_context(flaky, sleeps):
    def on_backoff(details):
        raise KeyError("in the handler")

    error = ValueError("of the target")
    with pytest.raises(KeyError) as raised:
        decorated(flaky(1, error), on_backoff=on_backoff)()
    assert raised.value.__context__ is error


def test_the_except_block_is_left_before_the_next_try(sleeps):
    handled = []

    def target():
        handled.append(sys.exc_info()[1])
        if len(handled) < 3:
            raise ValueError

    decorated(target)()
    assert handled == [None, None, None]


def test_the_callers_error_comes_back_untouched(sleeps):
    cause, context = KeyError("cause"), LookupError("context")

    def target():
        try:
            raise context
        except LookupError:
            raise ValueError("lost") from cause

    with pytest.raises(ValueError, match="lost") as raised:
        try:
            raise RuntimeError("around the call")
        except RuntimeError:
            decorated(target, max_tries=2)()
    assert raised.value.__cause__ is cause
    assert raised.value.__context__ is context
    assert isinstance(context.__context__, RuntimeError)


def test_a_traceback_has_one_frame_of_the_package(sleeps):
    def target():
        raise ValueError

    for tries in (1, 2, 3):
        try:
            decorated(target, max_tries=tries)()
        except ValueError as error:
            frames = traceback.extract_tb(error.__traceback__)
        ours = [
            frame
            for frame in frames
            if "rebackoff" in frame.filename and "tests" not in frame.filename
        ]
        assert len(ours) == 1
        assert [frame.name for frame in frames if "tests" in frame.filename] == [
            "test_a_traceback_has_one_frame_of_the_package",
            "target",
        ]


def test_a_target_that_raises_stop_iteration_is_retried(flaky, sleeps):
    call = rebackoff.on_exception(rebackoff.expo, StopIteration)(flaky(2, StopIteration))
    assert call() == "done"


def test_a_jitter_without_a_parameter_works_and_warns(flaky, sleeps):
    with pytest.warns(DeprecationWarning, match="Nullary jitter"):
        decorated(flaky(1), jitter=lambda: 0.25)()
    assert sleeps == [1.25]
    with pytest.warns(DeprecationWarning, match="Nullary jitter"):
        decorated(flaky(1), jitter=random.random)()


def test_a_generator_begins_with_none():
    assert next(rebackoff.expo()) is None
    generator = rebackoff.fibo()
    with pytest.raises(TypeError, match="just-started"):
        generator.send(1)
    assert generator.send(None) is None
    assert [generator.send(None) for _ in range(6)] == [1, 1, 2, 3, 5, 8]
    generator.close()
    with pytest.raises(StopIteration):
        next(generator)
    with pytest.raises(KeyError):
        rebackoff.expo().throw(KeyError)


@pytest.mark.parametrize("base", [2, 3, 1.5, 0.5, 2.5, 10])
@pytest.mark.parametrize("factor", [1, 3, 0.1, 0.5, 7])
def test_expo_is_pythons_arithmetic_to_the_last_digit(base, factor):
    generator = rebackoff.expo(base, factor)
    next(generator)
    for n in range(100):
        wait, expected = next(generator), factor * base**n
        assert wait == expected and type(wait) is type(expected)


def test_decay_is_pythons_arithmetic_to_the_last_digit():
    import math

    generator = rebackoff.decay(100, 0.7, 0.01)
    next(generator)
    for n in range(30):
        assert next(generator) == max(100 * math.e ** (-n * 0.7), 0.01)


def test_options_are_asked_on_each_call(flaky, sleeps):
    asked = []

    def ask(name, value):
        return lambda: asked.append(name) or value

    call = decorated(
        flaky(0),
        max_tries=ask("max_tries", 3),
        max_time=ask("max_time", 60),
        factor=ask("factor", 2),
    )
    call()
    call()
    assert asked == ["max_tries", "max_time", "factor"] * 2


def test_a_users_wait_generator_is_made_on_each_call_and_sent_the_error(flaky, sleeps):
    got = []

    def waits(step):
        got.append((yield))
        while True:
            got.append((yield step))

    error = ValueError()
    call = decorated(flaky(2, error), wait_gen=waits, step=0.5, jitter=None)
    call()
    call()
    assert got == [error, error]
    assert sleeps == [0.5, 0.5]


class Expression:
    """A callable whose `==` makes another one, as libraries have them that write `_.status == 429` for a lambda."""

    __hash__ = None

    def __init__(self, function):
        self.function = function

    def __call__(self, *args):
        return self.function(*args)

    def __eq__(self, other):
        return Expression(lambda *args: self(*args) == other)


def test_every_function_may_be_an_object_whose_equality_is_no_answer(flaky, sleeps):
    def retry(wait_gen, **options):
        target = flaky(3, OSError(7))
        call = rebackoff.on_exception(wait_gen, OSError, raise_on_giveup=False, **options)(target)
        assert call() is None
        return target.calls

    plain = {"jitter": None, "max_tries": 3}
    waits = Expression(rebackoff.constant)
    assert (
        retry(waits, max_tries=Expression(lambda: 2), jitter=Expression(lambda wait: wait / 4)) == 2
    )
    assert retry(waits, giveup=Expression(lambda error: error.args[0]) == 7) == 1
    assert retry(rebackoff.runtime(value=Expression(lambda error: error.args[0])), **plain) == 3
    seen = []
    hint = Expression(lambda error: 2)
    assert retry(waits, on_backoff=Expression(seen.append), hint=hint, **plain) == 3
    is_done = Expression(lambda value: value)
    poll = rebackoff.on_predicate(rebackoff.constant, is_done == 5, **plain)
    assert poll(flaky(0, value=5))() == 5
    assert len(seen) == 2 and sleeps == [0.25, 7, 7, 2, 2, 1, 1]


class Truth:
    """An answer that counts how often it is asked for its truth, as a lazy query would read a database."""

    def __init__(self, truth):
        self.truth, self.asked = truth, 0

    def __bool__(self):
        self.asked += 1
        return self.truth


@pytest.mark.parametrize("is_async", [False, True], ids=["blocking", "async"])
@pytest.mark.parametrize("options", [{}, {"on_try": len}], ids=["plain", "eager"])
@pytest.mark.parametrize("by_predicate", [False, True], ids=["giveup", "predicate"])
def test_an_answer_is_asked_for_its_truth_once(by_predicate, options, is_async, flaky, sleeps):
    answers = [Truth(by_predicate), Truth(by_predicate), Truth(not by_predicate)]
    given = iter(answers)
    target = flaky(0 if by_predicate else 9)

    async def awaited():
        return target()

    options = {"jitter": None, "logger": None, "max_tries": 3, **options}
    if by_predicate:
        retry = rebackoff.on_predicate(rebackoff.constant, lambda _: next(given), **options)
    else:
        options.update(giveup=lambda _: next(given), raise_on_giveup=False)
        retry = rebackoff.on_exception(rebackoff.constant, ValueError, **options)
    asyncio.run(retry(awaited)()) if is_async else retry(target)()
    assert [answer.asked for answer in answers] == [1, 1, 1]


def test_giveup_is_asked_after_the_last_try(flaky, sleeps):
    asked = []
    with pytest.raises(ValueError):
        decorated(flaky(3), max_tries=3, giveup=asked.append)()
    assert len(asked) == 3


def test_max_time_shortens_the_last_wait_and_then_tries_once_more(flaky, monkeypatch):
    now = [0.0]
    sleeps = []

    def sleep(seconds):
        sleeps.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", sleep)
    target = flaky(9)
    with pytest.raises(ValueError):
        decorated(target, jitter=None, max_time=10)()
    assert sleeps == [1, 2, 4, 3]
    assert target.calls == 5


def test_elapsed_is_measured_after_the_try(sleeps, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    seen = []

    def target():
        now[0] += 2.5

    decorated(target, on_success=lambda details: seen.append(details["elapsed"]))()
    assert seen == [2.5]


def test_a_patched_datetime_tells_the_time_as_it_did_for_backoff_2(flaky, sleeps, monkeypatch):
    import datetime

    moments = [datetime.datetime(2018, 1, 1, 12, 0, second) for second in (0, 1, 9, 10)]

    class Datetime:
        @staticmethod
        def now():
            return moments.pop(0)

    monkeypatch.setattr("datetime.datetime", Datetime)
    seen = []
    call = rebackoff.on_predicate(rebackoff.expo, jitter=None, max_time=10, on_giveup=seen.append)(
        lambda: False
    )
    assert call() is False
    assert seen[0]["tries"] == 3 and seen[0]["elapsed"] == 10.0


def test_freezegun_tells_the_time(flaky, monkeypatch):
    with freezegun.freeze_time("2024-01-01") as frozen:
        monkeypatch.setattr(time, "sleep", lambda seconds: frozen.tick(seconds))
        seen = []
        decorated(flaky(3), jitter=None, max_time=60, on_success=seen.append)()
    assert seen[0]["elapsed"] == pytest.approx(7)


@pytest.mark.parametrize(
    "name", ["time.sleep", "rebackoff._sync.time.sleep", "rebackoff._sync.time"]
)
def test_a_patched_sleep_is_called(name, flaky):
    with mock.patch(name) as patched:
        decorated(flaky(1), jitter=None)()
    sleep = patched if name.endswith("sleep") else patched.sleep
    sleep.assert_called_once_with(1)


@pytest.mark.parametrize("name", ["asyncio.sleep", "rebackoff._async.asyncio.sleep"])
def test_a_patched_async_sleep_is_awaited(name):
    calls = []

    @rebackoff.on_exception(rebackoff.expo, ValueError, jitter=None)
    async def target():
        calls.append(1)
        if len(calls) < 2:
            raise ValueError

    with mock.patch(name, new_callable=mock.AsyncMock) as sleep:
        asyncio.run(target())
    sleep.assert_awaited_once_with(1)


@pytest.mark.parametrize(
    "name",
    ["rebackoff._sync._next_wait", "rebackoff._sync.datetime", "rebackoff._jitter.random.uniform"],
)
def test_the_private_names_can_be_patched_and_come_back(name, flaky, sleeps):
    with mock.patch(name) as patched:
        patched.return_value = 0.125
        if name.endswith("datetime"):
            decorated(flaky(1))()
            return
        decorated(flaky(1))()
    assert sleeps == [0.125]
    decorated(flaky(1), jitter=None)()
    assert sleeps == [0.125, 1]


def test_a_patched_next_wait_may_call_the_original(flaky, sleeps):
    with mock.patch("rebackoff._sync._next_wait", wraps=rebackoff._common._next_wait) as spy:
        decorated(flaky(3), jitter=None)()
    assert spy.call_count == 3
    assert sleeps == [1, 2, 4]


def test_the_seed_of_random_gives_the_waits_of_backoff(flaky, sleeps):
    random.seed(7)
    decorated(flaky(4))()
    random.seed(7)
    assert sleeps == [random.uniform(0, wait) for wait in (1, 2, 4, 8)]


def test_none_of_the_cancellations_is_retried_unless_it_is_named(flaky, sleeps):
    for error in (KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError):
        target = flaky(1, error)
        with pytest.raises(error):
            rebackoff.on_exception(rebackoff.expo, BaseException)(target)()
        assert target.calls == 1
        assert rebackoff.on_exception(rebackoff.expo, error)(flaky(1, error))() == "done"
        assert (
            rebackoff.on_exception(rebackoff.expo, (BaseException, error))(flaky(1, error))()
            == "done"
        )
    assert rebackoff.on_exception(rebackoff.expo, BaseException)(flaky(1))() == "done"


def test_a_list_of_exceptions_is_as_good_as_a_tuple(flaky, sleeps):
    assert rebackoff.on_exception(rebackoff.expo, [KeyError, ValueError])(flaky(1))() == "done"


def test_the_arguments_in_the_details_are_those_of_the_next_try(sleeps):
    tokens = []

    @rebackoff.on_exception(
        rebackoff.expo, ValueError, on_backoff=lambda details: details["kwargs"].update(token="new")
    )
    def target(*, token):
        tokens.append(token)
        if token == "old":
            raise ValueError

    target(token="old")
    assert tokens == ["old", "new"]


def test_handlers_of_one_event_share_their_details(flaky, sleeps):
    seen = []

    def first(details):
        details["note"] = "seen by the first"

    def second(details):
        seen.append(details["note"])

    decorated(flaky(1), on_backoff=[first, second])()
    assert seen == ["seen by the first"]


def test_records_are_worded_as_backoffs(caplog, flaky, sleeps):
    def fetch():
        raise ValueError("out of reach")

    with caplog.at_level(logging.INFO), pytest.raises(ValueError):
        decorated(fetch, jitter=None, max_tries=2)()
    assert caplog.record_tuples == [
        ("backoff", logging.INFO, "Backing off fetch(...) for 1.0s (ValueError: out of reach)"),
        ("backoff", logging.ERROR, "Giving up fetch(...) after 2 tries (ValueError: out of reach)"),
    ]


@rebackoff.on_exception(rebackoff.expo, ValueError)
def documented(number: int, *, text: str = "") -> str:
    """Says what it does."""
    return text * number


def test_a_decorated_function_is_what_it_was_to_those_who_look():
    assert documented.__name__ == "documented" and documented.__doc__ == "Says what it does."
    assert str(inspect.signature(documented)) == "(number: 'int', *, text: 'str' = '') -> 'str'"
    assert inspect.isfunction(documented) and not inspect.iscoroutinefunction(documented)
    assert pickle.loads(pickle.dumps(documented)) is documented
    spec = mock.create_autospec(documented)
    spec(1, text="a")
    with pytest.raises(TypeError):
        spec()


def test_a_decorated_coroutine_function_is_one():
    @rebackoff.on_predicate(rebackoff.expo)
    async def target():
        return 1

    assert inspect.iscoroutinefunction(target)
    coroutine = target()
    assert inspect.iscoroutine(coroutine)
    assert asyncio.run(coroutine) == 1


def test_methods_classmethods_and_staticmethods_can_be_decorated(sleeps):
    class Client:
        tries = 0

        @rebackoff.on_exception(rebackoff.expo, ValueError)
        def method(self, text):
            self.tries += 1
            if self.tries < 3:
                raise ValueError
            return self, text

        @classmethod
        @rebackoff.on_predicate(rebackoff.expo)
        def kind(cls):
            return cls

        @staticmethod
        @rebackoff.on_exception(rebackoff.expo, ValueError)
        def static(text="default"):
            return text

    client = Client()
    assert client.method("a") == (client, "a")
    assert Client.kind() is Client and Client.static() == "default" and client.static("b") == "b"


def test_nothing_is_called_before_a_decorated_coroutine_is_awaited(sleeps):
    asked = []

    @rebackoff.on_exception(rebackoff.expo, ValueError, max_tries=lambda: asked.append(1) or 2)
    async def target():
        return 1

    coroutine = target()
    assert asked == []
    assert asyncio.run(coroutine) == 1
    assert asked == [1]


def test_sphinx_and_its_like_may_decorate_with_mocked_exceptions():
    decorate = rebackoff.on_exception(rebackoff.expo, mock.MagicMock().RequestException)
    assert decorate(lambda: 1)() == 1


def test_no_warning_is_given_without_a_reason(flaky, sleeps):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decorated(flaky(2))()
