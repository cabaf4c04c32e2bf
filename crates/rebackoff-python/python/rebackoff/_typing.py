"""The types of options and handlers, under the names that programs import them by."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Generator, Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, TypeVar, Union

from rebackoff._on_demand import finder

T = TypeVar("T")


class _ContextBase(TypedDict):
    tries: int
    elapsed: float


class _Base(_ContextBase):
    target: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class _Outcome(TypedDict, total=False):
    wait: float
    value: Any
    exception: BaseException
    reason: str
    amplification: int


class Details(_Base, _Outcome):
    """What handlers get.

    `target`, `args`, `kwargs`, `tries` and `elapsed` always; `wait` in `on_backoff`; `exception` or
    `value` (the outcome) in `on_backoff` and `on_giveup`; `value` in `on_success` of `on_predicate`;
    `reason` in `on_giveup`; `amplification` (the tries of all the calls around, multiplied by those
    of this one) in `on_backoff` and `on_giveup` inside a try of another call.
    """


class ContextDetails(_ContextBase, _Outcome):
    """The same for a retry context, which has no target."""


_Details = Details
_BaseDetails = _Base
_CallDetails = _Outcome
_BaseContextDetails = _ContextBase
_ContextCallDetails = _Outcome

Seconds: TypeAlias = float | timedelta

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
_WaitGenerator = Callable[..., Generator[float, Any, None]]

if not TYPE_CHECKING:
    __getattr__ = finder("_typing")
