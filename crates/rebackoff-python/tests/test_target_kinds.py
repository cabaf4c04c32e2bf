"""Functions, methods and callable objects of all kinds can be decorated; other objects are refused."""

from __future__ import annotations

import asyncio
import functools
import inspect
from unittest import mock

import pytest
import rebackoff

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


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (property(), "must be callable, but it is <property.*; decorate the function inside"),
        (functools.cached_property(len), "decorate the function inside"),
        ("http://x", "it is 'http://x'; a decorator without its parentheses"),
        (5, "must be callable, but it is 5"),
        (None, "must be callable, but it is None"),
    ],
)
def test_a_target_that_cannot_be_called_is_refused(target, message):
    with pytest.raises(TypeError, match=message):
        retried(target)


class Targets:
    """Targets of many kinds, each of which fails once and then gives its argument."""

    def __init__(self):
        self.failures = iter([ValueError])

    def method(self, value):
        for failure in self.failures:
            raise failure
        return value

    async def coroutine(self, value):
        return self.method(value)

    partial_method = retried(functools.partialmethod(method, 5))
    async_partial_method = retried(functools.partialmethod(coroutine, 5))


class AsyncCallable(Targets):
    __call__ = Targets.coroutine


KINDS = {
    "a bound method": lambda: retried(Targets().method),
    "a partial": lambda: retried(functools.partial(Targets().method)),
    "a partial of a coroutine function": lambda: retried(functools.partial(Targets().coroutine)),
    "a partial method": lambda: lambda _: Targets().partial_method(),
    "an async partial method": lambda: lambda _: Targets().async_partial_method(),
    "an instance with an async call": lambda: retried(AsyncCallable()),
    "a partial of such an instance": lambda: retried(functools.partial(AsyncCallable())),
    "a builtin": lambda: retried(int),
    "a mock": lambda: retried(mock.Mock(side_effect=[ValueError, 5])),
    "an async mock": lambda: retried(mock.AsyncMock(side_effect=[ValueError, 5])),
}


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_targets_of_all_kinds_can_be_decorated(make, sleeps):
    given = make()(5)
    assert (asyncio.run(given) if inspect.iscoroutine(given) else given) == 5


def test_a_coroutine_function_that_is_called_wrongly_raises_when_it_is_awaited():
    async def target(value): ...

    for call in (retried(target), rebackoff.on_predicate(rebackoff.expo)(target)):
        for coroutine in (call(), call(1, 2), call(other=1)):
            with pytest.raises(TypeError, match="argument"):
                asyncio.run(coroutine)
