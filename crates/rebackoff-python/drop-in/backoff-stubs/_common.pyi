import functools as functools
import logging as logging
import sys as sys
import time as time
import traceback as traceback
import warnings as warnings
from collections.abc import Callable, Generator, Iterable
from typing import Any

from rebackoff._common import Attempt as Attempt

_logger: logging.Logger

def _maybe_call(f: Any, *args: Any, **kwargs: Any) -> Any: ...
def _init_wait_gen(
    wait_gen: Callable[..., Generator[float, Any]], wait_gen_kwargs: dict[str, Any]
) -> Generator[float, Any]: ...
def _next_wait(
    wait: Generator[float, Any],
    send_value: Any,
    jitter: Callable[[float], float] | None,
    elapsed: float,
    max_time: float | None,
) -> float: ...
def _prepare_logger(logger: Any) -> Any: ...
def _config_handlers(
    user_handlers: Any,
    *,
    default_handler: Callable[..., Any] | None = None,
    logger: Any = None,
    log_level: int | None = None,
) -> list[Any]: ...
def _log_backoff(details: Any, logger: Any, log_level: int) -> None: ...
def _log_giveup(details: Any, logger: Any, log_level: int) -> None: ...
def _log_backoff_context(details: Any, logger: Any, log_level: int) -> None: ...
def _log_giveup_context(details: Any, logger: Any, log_level: int) -> None: ...
def _dispatch_handlers(handlers: Iterable[Callable[[Any], Any]], **details: Any) -> None: ...

class _RetryState:
    tries: int
    elapsed: float
    start: float
    max_tries: int | None
    max_time: float | None
    wait: Generator[float, Any]
    def __init__(
        self,
        wait_gen: Callable[..., Generator[float, Any]],
        wait_gen_kwargs: dict[str, Any],
        *,
        max_tries: Any = None,
        max_time: Any = None,
    ) -> None: ...
    def start_attempt(self) -> None: ...
    def record_elapsed(self) -> float: ...
    def exhausted(self) -> bool: ...
    def next_wait(self, send_value: Any, jitter: Callable[[float], float] | None) -> float: ...
