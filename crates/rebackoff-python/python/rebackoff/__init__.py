"""Retries with backoff and jitter.

    import rebackoff

    @rebackoff.on_exception(rebackoff.expo, ConnectionError, max_tries=8, max_time=60)
    def fetch(url): ...

Every public name of `backoff` is here, with its behaviour; so `import rebackoff as backoff` is all
it takes to change over, or `install_as_backoff()` for libraries that import it themselves.
"""

from __future__ import annotations

from rebackoff._common import Attempt
from rebackoff._decorator import aretry_context, on_exception, on_predicate, retry_context
from rebackoff._jitter import equal_jitter, full_jitter, random_jitter
from rebackoff._native import __version__ as __version__
from rebackoff._policy import Policy
from rebackoff._scope import deadline, remaining
from rebackoff._wait_gen import Waits, constant, decay, decorrelated, expo, fibo, linear, runtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from rebackoff import clients as clients
    from rebackoff import http as http
    from rebackoff import presets as presets
    from rebackoff import strategies as strategies
    from rebackoff import telemetry as telemetry
    from rebackoff import testing as testing
    from rebackoff import types as types
    from rebackoff._anew import outcome, retry_with
    from rebackoff._breaker import Breaker, CircuitOpenError
    from rebackoff._budget import Budget
    from rebackoff._fleet import Fleet
    from rebackoff._keyed import Keyed
    from rebackoff._outcome import Outcome
    from rebackoff._retry import aretry, retry
    from rebackoff._simulate import simulate
    from rebackoff._typing import Seconds

__all__ = [
    "Attempt",
    "Breaker",
    "Budget",
    "CircuitOpenError",
    "Fleet",
    "Keyed",
    "Outcome",
    "Policy",
    "Seconds",
    "Waits",
    "aretry",
    "aretry_context",
    "constant",
    "deadline",
    "decay",
    "decorrelated",
    "equal_jitter",
    "expo",
    "fibo",
    "full_jitter",
    "install_as_backoff",
    "linear",
    "on_exception",
    "on_predicate",
    "outcome",
    "random_jitter",
    "remaining",
    "retry",
    "retry_context",
    "retry_with",
    "runtime",
    "simulate",
]

_MODULES = {"clients", "http", "presets", "strategies", "telemetry", "testing", "types"}
_LAZY = {
    **dict.fromkeys(("outcome", "retry_with"), "_anew"),
    **dict.fromkeys(("Breaker", "CircuitOpenError"), "_breaker"),
    "Budget": "_budget",
    "Fleet": "_fleet",
    "Keyed": "_keyed",
    "Outcome": "_outcome",
    **dict.fromkeys(("aretry", "retry"), "_retry"),
    "Seconds": "_typing",
    "simulate": "_simulate",
}


def install_as_backoff() -> None:
    """Makes `import backoff` give this package, for everything that is imported from now on.

    Its modules are the same objects under both names, so that a patch of `backoff._sync` is one of
    `rebackoff._sync`. Calling it again does nothing.

    Raises:
        RuntimeError: Another `backoff` has been imported already, and part of the program uses it.
    """
    from rebackoff._aliases import install_as_backoff

    install_as_backoff()


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        from importlib import import_module

        if name in _MODULES or name == "_typing":
            return import_module(f"{__name__}.{name}")
        if name in _LAZY:
            return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES, *_LAZY})
