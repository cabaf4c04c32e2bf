"""The names that modules of backoff 2.2.1 and python-backoff 3.0.0 have and the modules here do not need.

A name is found when a program asks for it. A name in a module's namespace is one that the package
needs, or that a program has put there.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_MODULES = "asyncio datetime functools inspect itertools logging math operator sys time traceback warnings".split()
_TYPING = "Any Callable Generator Iterable Optional Type TypeVar Union cast TypeAlias Dict Tuple TYPE_CHECKING".split()
_ELSEWHERE = {"timedelta": "datetime", "dataclass": "dataclasses", "field": "dataclasses"}
_RETRY = "Any TYPE_CHECKING TypeVar Attempt _RetryState _adapt_context_handlers _call_handlers _dispatch_handlers datetime functools retry_exception retry_predicate timedelta "
_NAMES = {
    "_sync": _RETRY + "retry_context",
    "_async": _RETRY
    + "Callable _AsyncHandler _ensure_coroutine _ensure_coroutines aretry_context asyncio inspect",
    "_common": "Any T TypeAlias TypeVar _HandlerT _RetryState _dispatch_handlers dataclass field functools time traceback warnings",
    "_decorator": "Any Callable Iterable Optional TYPE_CHECKING Type Union annotations cast "
    "_CallableT _Handler _Jitterer _MaybeCallable _MaybeLogger _MaybeSequence _Predicate _WaitGenerator "
    "_config_handlers _log_backoff _log_backoff_context _log_giveup _log_giveup_context _prepare_logger "
    "asyncio full_jitter inspect logging operator",
    "_wait_gen": "Any Callable Generator Iterable Optional TYPE_CHECKING Union itertools math",
    "_typing": "Dict Tuple sys",
}


def finder(module: str) -> Callable[[str], Any]:
    """The `__getattr__` of a module."""

    def __getattr__(name: str) -> Any:
        if name.startswith("__") or name not in _NAMES[module].split():
            raise AttributeError(f"module 'rebackoff.{module}' has no attribute {name!r}")
        return _found(module, name)

    return __getattr__


def original(name: str) -> Any:
    """A name of `rebackoff._originals`, which imports the modules that ask for it."""
    return getattr(import_module("rebackoff._originals"), name)


def _found(module: str, name: str) -> Any:
    if name in _MODULES:
        return import_module(name)
    if name in _TYPING:
        return getattr(import_module("typing"), name)
    if name in _ELSEWHERE:
        return getattr(import_module(_ELSEWHERE[name]), name)
    own = original("OWN")
    if (module, name) in own:
        return own[module, name]
    if name in own:
        return own[name]
    common = import_module("rebackoff._common")
    home = common if name in vars(common) else import_module("rebackoff._typing")
    return getattr(home, name)
