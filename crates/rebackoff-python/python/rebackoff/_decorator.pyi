"""The decorators' types: a configured wait strategy takes no more options, a generator function takes its own.

`scripts/python-stub` makes this file of the table in `_options.py`.
"""

from collections.abc import AsyncGenerator, Callable, Generator
from datetime import timedelta
from typing import Any, Literal, TypeAlias, overload

from rebackoff._common import Attempt
from rebackoff._guards import Breaker, Budget
from rebackoff._typing import (
    Seconds,
    _AnyLoggerOrName,
    _CallableT,
    _Handlers,
    _MaybeCallable,
    _WaitGenerator,
)
from rebackoff._wait_gen import Waits

_Exceptions: TypeAlias = (
    type[BaseException] | tuple[type[BaseException], ...] | list[type[BaseException]]
)
_Jitter: TypeAlias = Callable[[float], Any] | None
_Condition: TypeAlias = Callable[[Any], Any]
_Hint: TypeAlias = Callable[[Any], Seconds | None] | None
_MaxTries: TypeAlias = _MaybeCallable[int | None] | None
_Budget: TypeAlias = Budget | Callable[..., Budget | None] | None
_Breaker: TypeAlias = Breaker | Callable[..., Breaker | None] | None
_Nested: TypeAlias = Literal["allow", "once"]
_LastWait: TypeAlias = Literal["shorten", "stop"]
_HintAbove: TypeAlias = Literal["give_up", "cap"]
_MaxTime: TypeAlias = _MaybeCallable[float | None] | _MaybeCallable[timedelta | None] | None

@overload
def on_exception(
    wait_gen: Waits,
    exception: _Exceptions,
    *,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    timeout: Seconds | None = None,
    jitter: _Jitter = ...,
    giveup: _Condition = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    raise_on_giveup: bool = True,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
) -> Callable[[_CallableT], _CallableT]: ...
@overload
def on_exception(
    wait_gen: _WaitGenerator,
    exception: _Exceptions,
    *,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    timeout: Seconds | None = None,
    jitter: _Jitter = ...,
    giveup: _Condition = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    raise_on_giveup: bool = True,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
    **wait_gen_kwargs: Any,
) -> Callable[[_CallableT], _CallableT]: ...
@overload
def on_predicate(
    wait_gen: Waits,
    predicate: _Condition = ...,
    *,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    timeout: Seconds | None = None,
    jitter: _Jitter = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
) -> Callable[[_CallableT], _CallableT]: ...
@overload
def on_predicate(
    wait_gen: _WaitGenerator,
    predicate: _Condition = ...,
    *,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    timeout: Seconds | None = None,
    jitter: _Jitter = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
    **wait_gen_kwargs: Any,
) -> Callable[[_CallableT], _CallableT]: ...
@overload
def retry_context(
    exception: _Exceptions,
    wait_gen: Waits,
    *,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    jitter: _Jitter = ...,
    giveup: _Condition = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    raise_on_giveup: bool = True,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
) -> Generator[Attempt]: ...
@overload
def retry_context(
    exception: _Exceptions = ...,
    wait_gen: _WaitGenerator = ...,
    *,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    jitter: _Jitter = ...,
    giveup: _Condition = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    raise_on_giveup: bool = True,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
    **wait_gen_kwargs: Any,
) -> Generator[Attempt]: ...
@overload
def aretry_context(
    exception: _Exceptions,
    wait_gen: Waits,
    *,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    jitter: _Jitter = ...,
    giveup: _Condition = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    raise_on_giveup: bool = True,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
) -> AsyncGenerator[Attempt]: ...
@overload
def aretry_context(
    exception: _Exceptions = ...,
    wait_gen: _WaitGenerator = ...,
    *,
    max_tries: _MaxTries = None,
    max_time: _MaxTime = None,
    last_wait: _LastWait = "shorten",
    nested: _Nested = "allow",
    budget: _Budget = None,
    breaker: _Breaker = None,
    counts: Callable[[Any], bool | None] | None = None,
    jitter: _Jitter = ...,
    giveup: _Condition = ...,
    hint: _Hint = None,
    hint_ceiling: Seconds | None = 300,
    hint_above: _HintAbove = "give_up",
    hint_spread: float | None = None,
    on_try: _Handlers = None,
    on_success: _Handlers = None,
    on_backoff: _Handlers = None,
    on_giveup: _Handlers = None,
    raise_on_giveup: bool = True,
    logger: _AnyLoggerOrName | None = "backoff",
    backoff_log_level: int = 20,
    giveup_log_level: int = 40,
    **wait_gen_kwargs: Any,
) -> AsyncGenerator[Attempt]: ...
