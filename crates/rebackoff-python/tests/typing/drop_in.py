"""Programs that import `backoff`, under the drop-in. Read by mypy --strict and pyright, and run by no test."""
# pyright: reportPrivateUsage=false

from collections.abc import Callable, Generator, Iterable
from typing import Any, TypeVar, assert_type

import backoff
import backoff._sync
from backoff._typing import (
    _Handler,
    _Jitterer,
    _MaybeCallable,
    _MaybeLogger,
    _MaybeSequence,
    _Predicate,
    _WaitGenerator,
)
from backoff.presets import http_retry
from backoff.types import Details

_Target = TypeVar("_Target", bound=Callable[..., Any])


@backoff.on_exception(backoff.expo, OSError, max_tries=3)
def f(x: int) -> int:
    return x


def log(details: Details) -> None:
    print(details["target"], details["tries"])


handler: _Handler = log
preset = http_retry()


@backoff.on_predicate(backoff.fibo, max_value=13, on_backoff=[log, handler], jitter=None)
async def poll() -> str:
    return ""


assert_type(f(3), int)
assert_type(backoff.__version__, str)
assert_type(backoff.Budget.per_second(), backoff.Budget)
backoff._sync.retry_exception(f, backoff.constant, OSError, max_tries=3, wait_gen_kwargs={})


def pause_of(found: int) -> float:
    return found / 2


class Stream:
    def pauses(self) -> Generator[float, None, None]:
        return backoff.expo(factor=2)


def retried(
    wait_gen: Callable[..., Generator[float, Any, None]] = backoff.expo,
) -> Callable[[Callable[[int], int]], Callable[[int], int]]:
    return backoff.on_exception(wait_gen, OSError, max_tries=3)


def on_error(
    wait_gen: _WaitGenerator,
    exception: _MaybeSequence[type[Exception]],
    *,
    max_tries: _MaybeCallable[int] | None = None,
    jitter: _Jitterer | None = backoff.full_jitter,
    giveup: _Predicate[Exception] = lambda error: False,
    on_backoff: _Handler | Iterable[_Handler] | None = None,
    logger: _MaybeLogger = "backoff",
    **wait_gen_kwargs: Any,
) -> Callable[[_Target], _Target]:
    return backoff.on_exception(
        wait_gen,
        exception,
        max_tries=max_tries,
        jitter=jitter,
        giveup=giveup,
        on_backoff=on_backoff,
        logger=logger,
        **wait_gen_kwargs,
    )


@on_error(backoff.expo, (OSError, ValueError), base=3)
@backoff.on_exception(backoff.expo(base=3), OSError, max_tries=3)
@backoff.on_exception(Stream().pauses, OSError, max_tries=3)
@backoff.on_predicate(backoff.runtime, value=pause_of)
@backoff.on_predicate(backoff.constant, interval=[1, 2, 3])
def g(x: int) -> int:
    return x


assert_type(g(3), int)
assert_type(retried()(g)(3), int)
