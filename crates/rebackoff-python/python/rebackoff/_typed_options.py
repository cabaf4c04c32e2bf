"""The options that presets and clients hand on to the decorators, as types. Only type checkers import this."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any, Literal, TypeAlias

from typing_extensions import TypedDict

from rebackoff._breaker import Breaker
from rebackoff._budget import Budget
from rebackoff._decorator import (
    _Breaker,
    _Budget,
    _Hint,
    _Jitter,
    _MaxTime,
    _MaxTries,
    _PolicyFor,
    _Signal,
)
from rebackoff._keyed import Keyed
from rebackoff._policy import Policy
from rebackoff._typing import Seconds, _AnyLoggerOrName, _Handlers, _WaitGenerator
from rebackoff._wait_gen import Waits

Pacing: TypeAlias = Policy | Waits | _WaitGenerator


class Common(TypedDict, total=False):
    """The options that mean one thing in every preset and client."""

    last_wait: Literal["shorten", "stop"]
    nested: Literal["allow", "once"]
    counts: Callable[[Any], bool | None] | None
    timeout: Seconds | None
    hint: _Hint
    hint_ceiling: Seconds | None
    hint_above: Literal["give_up", "cap"]
    hint_spread: float | None
    on_try: _Handlers
    on_success: _Handlers
    on_backoff: _Handlers
    on_giveup: _Handlers
    logger: _AnyLoggerOrName | None
    backoff_log_level: int
    giveup_log_level: int


class Polling(Common, total=False):
    """The further options of a preset on `on_predicate`."""

    budget: _Budget
    breaker: _Breaker
    reset_after: Seconds | None
    cancelled_by: _Signal
    name: str | None


class Raising(Polling, total=False):
    """The further options of a preset on `on_exception`."""

    raise_on_giveup: bool
    policy_for: _PolicyFor
    groups: bool


class Spread(Raising, total=False):
    """The further options of a preset on `retry_on_exception`."""

    base: float
    factor: Seconds
    jitter: _Jitter
    log: bool


class Conditional(Spread, total=False):
    """The further options of a preset without a condition of its own."""

    giveup: Callable[[Any], Any] | None


class Constant(Raising, total=False):
    """The further options of a preset on `constant`."""

    max_time: _MaxTime
    jitter: _Jitter
    giveup: Callable[[Any], Any]


class Client(Common, total=False):
    """The options of retries in a client."""

    max_tries: _MaxTries
    max_time: float | timedelta | None
    jitter: _Jitter
    giveup: Callable[[Any], Any] | None
    budget: Budget | Keyed[Budget] | Callable[[Any], Budget | None] | None
    breaker: Breaker | Keyed[Breaker] | Callable[[Any], Breaker | None] | None
    any_method: bool
    statuses: Collection[int]
    idempotency_key: bool
