"""Decorated functions keep their exact type. Read by mypy --strict and pyright, and never run."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator
from datetime import timedelta
from typing import Any, ParamSpec, TypeVar

import rebackoff
from rebackoff.testing import disabled, no_wait
from rebackoff.types import ContextDetails, Details
from typing_extensions import assert_type

_Given = ParamSpec("_Given")
_Value = TypeVar("_Value")
_Target = TypeVar("_Target", bound=Callable[..., Any])


@rebackoff.on_exception(rebackoff.expo, ValueError, max_tries=3, max_time=timedelta(minutes=1))
def blocking(number: int, *, text: str = "") -> list[str]:
    return [text] * number


@rebackoff.on_predicate(rebackoff.fibo, lambda found: not found, max_value=13)
async def awaited(number: int) -> dict[str, int]:
    return {"number": number}


@rebackoff.on_exception(rebackoff.expo(base=3), (ValueError, OSError), jitter=None)
def rows(count: int) -> Iterator[int]:
    yield from range(count)


assert_type(blocking(3, text="a"), list[str])
assert_type(rows(2), Iterator[int])
kept: Callable[[int], Iterator[int]] = rows


def asked(error: KeyError) -> float:
    return len(error.args)


class Client:
    @rebackoff.on_exception(rebackoff.constant, ConnectionError, interval=[1, 2, 5])
    def fetch(self, url: str) -> bytes:
        return url.encode()

    @classmethod
    @rebackoff.on_exception(rebackoff.runtime, KeyError, value=asked)
    def make(cls) -> Client:
        return cls()

    @property
    @rebackoff.on_predicate(rebackoff.constant)
    def ready(self) -> bool:
        return True


assert_type(Client().fetch("url"), bytes)
assert_type(Client.make(), Client)
assert_type(Client().ready, bool)


def handler(details: Details) -> None:
    assert_type(details["target"], Callable[..., Any])
    assert_type(details["tries"], int)
    assert_type(details["elapsed"], float)
    assert_type(details.get("reason"), str | None)


async def async_handler(details: Details) -> None:
    assert_type(details["kwargs"], dict[str, Any])


def context_handler(details: ContextDetails) -> None:
    assert_type(details["tries"], int)


async def async_giveup(error: Exception) -> bool:
    return not error.args


def waits(first: float) -> Generator[float, Any, None]:
    yield first


@rebackoff.on_exception(
    waits,
    OSError,
    first=0.5,
    max_tries=lambda: 5,
    giveup=async_giveup,
    hint=lambda error: getattr(error, "retry_after", None),
    on_try=handler,
    on_success=[handler, async_handler],
    on_backoff=(handler,),
    on_giveup=async_handler,
    logger=logging.getLogger("mine"),
    backoff_log_level=logging.DEBUG,
    raise_on_giveup=False,
)
async def everything() -> None: ...


def is_final(error: OSError, url: str) -> bool:
    return error.errno == 3 or not url


# the way in which most programs give these options
@rebackoff.on_exception(
    rebackoff.expo,
    OSError,
    max_tries=lambda: 5,
    jitter=lambda wait: wait / 2,
    giveup=lambda error: error.errno == 3,
    on_backoff=lambda details: print(details["tries"]),
    base=lambda: 3,
)
@rebackoff.on_exception(rebackoff.expo, OSError, giveup=is_final)
def by_lambdas(url: str) -> bytes:
    return url.encode()


assert_type(by_lambdas("/"), bytes)


for attempt in rebackoff.retry_context(ValueError, rebackoff.expo, on_backoff=context_handler):
    with attempt:
        assert_type(attempt, rebackoff.Attempt)
    assert_type(attempt.exception, BaseException | None)


async def in_context() -> None:
    assert_type(await awaited(1), dict[str, int])
    async for attempt in rebackoff.aretry_context(ValueError, rebackoff.expo(), max_tries=3):
        with attempt:
            await asyncio.sleep(0)


assert_type(rebackoff.aretry_context(), AsyncGenerator[rebackoff.Attempt, None])
assert_type(rebackoff.full_jitter(1), float)


@rebackoff.on_exception(rebackoff.expo, ValueError, raise_on_giveup=False)
def silent(number: int) -> str:
    return str(number)


@rebackoff.on_exception(rebackoff.expo(), ValueError, raise_on_giveup=False)
async def silent_coroutine(number: int) -> str:
    return str(number)


@rebackoff.on_exception(rebackoff.expo, ValueError, raise_on_giveup=False)
def silent_rows(count: int) -> Generator[int, None, str]:
    yield from range(count)
    return "end"


class Silent:
    @rebackoff.on_exception(rebackoff.expo, ValueError, raise_on_giveup=False)
    def fetch(self, url: str) -> bytes:
        return url.encode()


async def silently() -> None:
    assert_type(silent(3), str | None)
    assert_type(await silent_coroutine(3), str | None)
    assert_type(silent_rows(3), Generator[int, None, str | None])
    assert_type(Silent().fetch("url"), bytes | None)


with no_wait() as recorded, disabled():
    assert_type(recorded, list[float])


@rebackoff.testing.virtual_clock()
async def test_in_virtual_time(number: int) -> str:
    with rebackoff.testing.virtual_clock() as clock:
        assert_type(clock.waits, list[float])
    return str(number)


async def in_virtual_time() -> None:
    assert_type(await test_in_virtual_time(1), str)


configured: rebackoff.Waits = rebackoff.expo(base=3)
limit: rebackoff.Seconds = timedelta(seconds=5)
breakers = rebackoff.Keyed(rebackoff.Breaker)
assert_type(breakers["host"], rebackoff.Breaker)
assert_type(rebackoff.http.hint(None), float | None)
constructed: Details = {"target": silent, "args": (), "kwargs": {}, "tries": 1, "elapsed": 0.5}


# Outcomes and other options keep the types of functions and methods.


class Stock:
    @rebackoff.on_exception(rebackoff.expo, OSError)
    def fetch(self, url: str) -> bytes:
        return url.encode()

    @rebackoff.on_exception(rebackoff.expo, OSError)
    async def load(self, url: str) -> bytes:
        return url.encode()


async def outcomes(client: Stock) -> None:
    assert_type(rebackoff.outcome(client.fetch, "/"), rebackoff.Outcome[bytes])
    assert_type(rebackoff.outcome(Stock.fetch, client, url="/").unwrap(), bytes)
    assert_type(await rebackoff.outcome(client.load, "/"), rebackoff.Outcome[bytes])
    assert_type(rebackoff.retry_with(client.fetch, max_tries=2)("/"), bytes)
    assert_type(await rebackoff.retry_with(client.load, max_tries=2)("/"), bytes)
    assert_type(rebackoff.retry_with(client.fetch, raise_on_giveup=False)("/"), bytes | None)
    assert_type(await rebackoff.retry_with(client.load, raise_on_giveup=False)("/"), bytes | None)
    rebackoff.outcome(client.fetch, 5)  # type: ignore[call-overload]


# Options in a dict, and generator functions of a program's own.


def pauses(step: float) -> Generator[float, Any, None]:
    while True:
        yield step


options: rebackoff.types.RetryOptions = {"max_tries": 3, "jitter": None}
settings: rebackoff.types.PolicySettings = {"max_tries": 3, "max_time": "1m30s"}


@rebackoff.on_exception(pauses, OSError, step=2.0, **options)
def paused(number: int) -> str:
    return str(number)


by_error = {ConnectionError: rebackoff.Policy(max_tries=8), TimeoutError: rebackoff.Policy()}


@rebackoff.on_exception(rebackoff.expo, OSError, policy_for=by_error)
def by_its_error() -> int:
    return 3


assert_type(by_its_error(), int)


@rebackoff.on_exception(rebackoff.Policy("expo", **settings).replace(wait=rebackoff.fibo), OSError)
@rebackoff.on_exception(rebackoff.expo, OSError, base=lambda: 3, max_value=None, **options)
def asked_anew(number: int) -> str:
    return str(number)


assert_type(paused(3), str)
assert_type(asked_anew(3), str)
read: dict[str, Any] = {"max_tries": 3}


@rebackoff.on_exception(rebackoff.expo, OSError, **read)
@rebackoff.on_exception(rebackoff.expo(), OSError, **read)
@rebackoff.on_exception(pauses, OSError, max_tries=3, **read)
@rebackoff.on_predicate(rebackoff.fibo, jitter=None, **read)
def by_read_options(number: int, rest: Any = None) -> str:
    return str(number)


@rebackoff.on_exception(rebackoff.expo, OSError, **read)
async def awaited_by_read_options(rest: Any) -> dict[str, Any]:
    return {}


@rebackoff.on_exception(rebackoff.expo, OSError, raise_on_giveup=False, **read)
def silent_by_read_options(number: int) -> str:
    return str(number)


class Read:
    @rebackoff.on_exception(rebackoff.expo, OSError, **read)
    def fetch(self, url: str) -> bytes:
        return url.encode()

    @staticmethod
    @rebackoff.on_exception(rebackoff.expo, OSError, **read)
    def rows(count: int) -> Iterator[int]:
        yield from range(count)


def by_options(**options: Any) -> Callable[[_Target], _Target]:
    return rebackoff.on_exception(rebackoff.expo, OSError, **options)


# as with the originals, a function that promises to keep the type can return any decorator
def silently_by(error: type[OSError]) -> Callable[[_Target], _Target]:
    return rebackoff.on_exception(rebackoff.expo, error, raise_on_giveup=False)


def wrapped(function: Callable[_Given, Awaitable[_Value]]) -> Callable[_Given, Awaitable[_Value]]:
    @rebackoff.on_exception(rebackoff.expo, OSError, **read)
    @functools.wraps(function)
    async def wrapper(*args: _Given.args, **kwargs: _Given.kwargs) -> _Value:
        return await function(*args, **kwargs)

    return wrapper


thrice = functools.partial(rebackoff.on_exception, rebackoff.expo, max_tries=3)


@thrice(OSError)
@by_options(max_tries=3)
@silently_by(OSError)
def by_partial(number: int) -> str:
    return str(number)


async def by_dicts() -> None:
    assert_type(by_read_options(3), str)
    assert_type(await awaited_by_read_options(3), dict[str, Any])
    assert_type(silent_by_read_options(3), str | None)
    assert_type(Read().fetch("/"), bytes)
    assert_type(Read.rows(3), Iterator[int])
    assert_type(await wrapped(awaited)(3), dict[str, int])
    assert_type(by_partial(3), str)


for _ in rebackoff.retry_context(OSError, pauses, step=2.0, **options):
    pass
for _ in rebackoff.retry_context(wait_gen=pauses, step=2.0):
    pass
by_hand: Iterator[float] = rebackoff.expo(base=3)
