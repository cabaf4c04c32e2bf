"""Outcomes, and other options for one call, of methods and functions."""

from __future__ import annotations

import asyncio

import pytest
import rebackoff
import rebackoff.http
from targets import THREE, flaky


class Client:
    """Each method fails twice for each key, and returns the key with what it is bound to."""

    def __init__(self):
        self.calls = []

    def _flaky(self, key):
        self.calls.append(key)
        if self.calls.count(key) < 3:
            raise OSError("down")
        return key

    @rebackoff.on_exception(THREE, OSError)
    def blocking(self, key):
        return self._flaky(key), self

    @rebackoff.on_exception(THREE, OSError)
    async def awaited(self, key):
        return self._flaky(key), self

    @rebackoff.on_exception(THREE, OSError)
    def generator(self, key):
        yield self._flaky(key), self

    @rebackoff.on_exception(THREE, OSError)
    async def async_generator(self, key):
        yield self._flaky(key), self

    @rebackoff.on_predicate(THREE, lambda found: found is None)
    def polled(self, key):
        self.calls.append(key)
        return (key, self) if self.calls.count(key) == 3 else None

    @rebackoff.on_exception(THREE, OSError)
    @classmethod
    def of_class(cls, key):
        return shared._flaky(key), cls

    @classmethod
    @rebackoff.on_exception(THREE, OSError)
    def of_class_inside(cls, key):
        return shared._flaky(key), cls

    @rebackoff.on_exception(THREE, OSError)
    @staticmethod
    def static(key):
        return shared._flaky(key), None


shared = Client()


class Heir(Client):
    def blocking(self, key):
        return super().blocking(key)


async def _items(function, key):
    return [item async for item in function(key)][0]


def call(function, key):
    if "async_generator" in function.__name__:
        return asyncio.run(_items(function, key))
    if "generator" in function.__name__:
        return next(function(key))
    return asyncio.run(function(key)) if "awaited" in function.__name__ else function(key)


METHODS = (
    *("blocking", "awaited", "generator", "async_generator", "polled"),
    *("of_class", "of_class_inside", "static"),
)


@pytest.mark.parametrize("name", METHODS)
def test_retry_with_keeps_the_object_of_a_method(waits, name):
    client = Client()
    shared.calls.clear()
    method = getattr(client, name)
    bound_to = {"static": None, "of_class": Client, "of_class_inside": Client}.get(name, client)
    short = rebackoff.retry_with(method, max_tries=1)
    assert getattr(short, "__self__", None) is bound_to
    if name == "polled":
        assert call(short, 7) is None and call(rebackoff.retry_with(method, max_tries=2), 7)
    else:
        with pytest.raises(OSError):
            call(short, 7)
        assert call(rebackoff.retry_with(method, max_tries=2), 7) == (7, bound_to)
    assert waits == [3]
    assert call(method, 8) == (8, bound_to)


@pytest.mark.parametrize("name", [name for name in METHODS if "generator" not in name])
def test_the_outcome_of_a_method_keeps_its_object(waits, name):
    client = Client()
    shared.calls.clear()
    bound_to = {"static": None, "of_class": Client, "of_class_inside": Client}.get(name, client)
    outcome = rebackoff.outcome(getattr(client, name), key=7)
    if name == "awaited":
        outcome = asyncio.run(outcome)
    assert (outcome.result, outcome.tries, outcome.reason) == ((7, bound_to), 3, None)


def test_functions_and_methods_by_their_class_have_outcomes_and_other_options(waits):
    client, heir = Client(), Heir()
    assert rebackoff.outcome(Client.blocking, client, 7).result == (7, client)
    assert Client.blocking.outcome(client, 7).tries == 1
    assert rebackoff.retry_with(Client.blocking, max_tries=1)(client, 7) == (7, client)
    assert rebackoff.outcome(super(Heir, heir).blocking, 7).result == (7, heir)
    target, _ = flaky(2)
    assert rebackoff.outcome(rebackoff.on_exception(THREE, OSError)(target)).tries == 3


@pytest.mark.parametrize("name", ["blocking", "awaited", "polled", "of_class", "of_class_inside"])
def test_an_outcome_without_the_object_of_the_method_is_an_error_that_names_the_function(name):
    method = getattr(Client(), name)
    for args in ((), (7,)):
        with pytest.raises(TypeError, match=rf"rebackoff.outcome\(obj.{name}, …\) keeps it"):
            method.outcome(*args)
    # an error of the caller's own stays in the outcome
    assert isinstance(rebackoff.outcome(Client().blocking).error, TypeError)


@pytest.mark.parametrize("wrong", [print, Client, Client()._flaky, 5, None])
def test_what_is_not_decorated_has_no_outcome_and_no_other_options(wrong):
    for function in (rebackoff.outcome, rebackoff.retry_with):
        with pytest.raises(TypeError, match="a function that rebackoff has decorated"):
            function(wrong)


def test_a_generator_function_has_no_outcome_since_its_tries_come_when_it_is_iterated(waits):
    client = Client()
    for name in ("generator", "async_generator"):
        with pytest.raises(TypeError, match=rf"{name}\(\) is a generator function"):
            rebackoff.outcome(getattr(client, name), 7)
    assert client.calls == []
