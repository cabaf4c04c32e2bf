"""The types of options and handlers, under the names that programs import them by."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Generator, Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, TypeVar, Union

from rebackoff._on_demand import finder

T = TypeVar("T")


class _BaseDetails(TypedDict):
    target: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    tries: int
    elapsed: float


class _BaseContextDetails(TypedDict):
    tries: int
    elapsed: float


class _CallDetails(TypedDict, total=False):
    wait: float
    value: Any
    exception: Exception
    reason: str
    amplification: int
    name: str
    total_tries: int


class Details(_BaseDetails, _CallDetails, total=False):
    """The details of an event, which handlers get.

    `target`, `args`, `kwargs`, `tries` and `elapsed` always; `wait` in `on_backoff`; `exception` or
    `value` (the outcome) in `on_backoff` and `on_giveup`; `value` in `on_success` of `on_predicate`;
    `reason` in `on_giveup`; `amplification` (the tries of all enclosing calls, multiplied by those
    of this one) in `on_backoff` and `on_giveup` inside a try of another call; `name` and `total_tries`
    (the tries before a reset included) where the options `name` and `reset_after` are given.
    """


class ContextDetails(_BaseContextDetails, _CallDetails, total=False):
    """The details of an event of a retry context, which has no target."""


_Details = _BaseDetails
_ContextCallDetails = _CallDetails

Seconds: TypeAlias = float | timedelta

# a text is one with a unit, such as "1m30s"; "none" is no limit
_Duration = Union[float, timedelta, str]
_DurationLimit = Union[float, timedelta, str, None]


class PolicySettings(TypedDict, total=False):
    """The settings of a `Policy`, besides `wait`."""

    base: _Duration
    factor: _Duration
    max_value: _DurationLimit
    interval: Union[_Duration, Iterable[_Duration]]
    start: _Duration
    step: _Duration
    initial_value: _Duration
    decay_factor: Union[float, str]
    min_value: _DurationLimit
    jitter: Union[Literal["full", "equal", "random", "none"], Callable[[Any], float], None]
    max_tries: Union[int, str, None]
    max_time: _DurationLimit
    reset_after: _DurationLimit
    last_wait: Literal["shorten", "stop"]
    nested: Literal["allow", "once"]
    hint_ceiling: _DurationLimit
    hint_above: Literal["give_up", "cap"]
    hint_spread: Union[float, str, None]


_CallableT = TypeVar("_CallableT", bound=Callable[..., Any])
_Handler = Union[Callable[[Details], None], Callable[[Details], Coroutine[Any, Any, None]]]
_ContextHandler = Union[
    Callable[[ContextDetails], None], Callable[[ContextDetails], Coroutine[Any, Any, None]]
]
_AnyHandler = Callable[[Any], Any]
_Handlers = Union[_AnyHandler, Iterable[_AnyHandler], None]
_Jitterer = Callable[[float], float]
_MaybeCallable = Union[T, Callable[[], T]]
_AnyLogger = Union[logging.Logger, "logging.LoggerAdapter[Any]"]
_AnyLoggerOrName = Union[str, logging.Logger, "logging.LoggerAdapter[Any]"]
_MaybeLogger = Union[str, logging.Logger, "logging.LoggerAdapter[Any]", None]
_MaybeSequence = Union[T, Sequence[T]]
_MaybeTuple = Union[T, tuple[T, ...]]
_Predicate = Union[Callable[[T], bool], Callable[[T], Coroutine[Any, Any, bool]]]
_WaitGenerator = Callable[..., Generator[float, Any, Any]]
_OwnWaits = Callable[..., Generator[float, Any, None]]

if not TYPE_CHECKING:
    __getattr__ = finder("_typing")
