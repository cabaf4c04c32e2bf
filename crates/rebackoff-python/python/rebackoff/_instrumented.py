"""Decorated functions and the exporters that are told of all their calls.

The fast path of a decorated function asks nobody whether there is an exporter. When the first one
comes, the fast paths that were built so far get the code that tells; when the last one goes, they
get their own back. Both codes have the same free variables, so that they fit the same function.
"""

from __future__ import annotations

from _weakref import ref

from rebackoff import _async, _sync
from rebackoff._native import set_exporters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FunctionType
    from typing import Any, TypeAlias

    Handlers: TypeAlias = tuple[Callable[[Any], Any], ...]

_functions: set[ref[FunctionType]] = set()
_is_on = False


def remember(function: FunctionType) -> None:
    """Keeps a decorated function in mind, as long as it lives."""
    if function.__code__ in _TOLD:
        _functions.add(ref(function, _functions.discard))
        if _is_on:
            function.__code__ = _TOLD[function.__code__]


def tell(on_try: Handlers, on_backoff: Handlers, on_giveup: Handlers, on_success: Handlers) -> None:
    """Has these handlers told of every call, and no others; without any, nobody is told."""
    global _is_on
    _is_on = bool(on_try or on_backoff or on_giveup or on_success)
    set_exporters(on_try=on_try, on_backoff=on_backoff, on_giveup=on_giveup, on_success=on_success)
    codes = _TOLD if _is_on else {told: fast for fast, told in _TOLD.items()}
    for reference in list(_functions):
        function = reference()
        if function is not None:
            function.__code__ = codes.get(function.__code__, function.__code__)


def code_in(builder: Callable[..., Any]) -> CodeType:
    """The code of the one function that the builder builds."""
    (code,) = (c for c in builder.__code__.co_consts if type(c) is type(builder.__code__))
    return code


# the code that tells, for each that does not
_TOLD = {
    code_in(fast): code_in(told)
    for fast, told in (
        (_sync.retry_exception, _sync.retry_exception_told),
        (_sync.retry_predicate, _sync.retry_predicate_told),
        (_async.retry_exception, _async.retry_exception_told),
        (_async.retry_predicate, _async.retry_predicate_told),
    )
}
