"""Breakers, the permits that they give, and the error of a call that one rejects."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from rebackoff import _guard_parameters, _jitter, _native
from rebackoff._callables import may_take
from rebackoff._clock import now
from rebackoff._guard_scope import ScopedGuard
from rebackoff._mistakes import mistake, suggestion
from rebackoff._seconds import number
from rebackoff._typing import Seconds

if TYPE_CHECKING:
    from rebackoff._fleet import Fleet


class CircuitOpenError(Exception):
    """A breaker rejects a call. That is no failure of the target, which was not called.

    Raised by a target, it is neutral for the breakers of enclosing calls, unless `counts` says otherwise. An error that the
    target raises from it (`raise … from error`) is neutral, too.

    retry_in: seconds until a probe can be made; None when the breaker is isolated.
    """

    def __init__(
        self, message: str = "the circuit breaker is open", retry_in: float | None = None
    ) -> None:
        super().__init__(message, retry_in)
        self.retry_in = retry_in

    def __str__(self) -> str:
        return str(self.args[0])


def is_rejection(outcome: object) -> bool:
    """Returns whether the outcome is the rejection of a call, or an error that was raised from one."""
    cause = outcome.__cause__ if isinstance(outcome, BaseException) else None
    return isinstance(outcome, CircuitOpenError) or isinstance(cause, CircuitOpenError)


def rejection(retry_in: float) -> CircuitOpenError:
    """The error of a call that a breaker rejects; an infinite time means that it is isolated."""
    known = None if retry_in == float("inf") else retry_in
    return CircuitOpenError(_native.open_message(known), known)


# parameters of pybreaker, circuitbreaker, purgatory and others
_OF_OTHER_LIBRARIES = {
    "fail_max": "consecutive",
    "failure_threshold": "consecutive",
    "max_failures": "consecutive",
    "threshold": "consecutive",
    "recovery_timeout": "open_for",
    "reset_timeout": "open_for",
    "timeout": "open_for",
    "timeout_duration": "open_for",
    "ttl": "open_for",
    "success_threshold": "close_after",
    "half_open_max_calls": "probes",
}


class Breaker(ScopedGuard):
    """A circuit breaker: whether to call at all, learned from many calls.

    It opens after `consecutive` failures in a row (5); or, where they are given, when
    `failure_rate` of the calls in the window failed, or `slow_rate` of them took longer than
    `slow_after` seconds. The window is the last `window_time` seconds (10) or `window_calls`, and
    counts from `min_calls` (20) on. It stays open for `open_for` seconds (30), times `growth` (1)
    for each re-opening, at most `max_open_for`, spread by `jitter` ("none", "full", "equal").
    Then `probes` calls (1) may try at once, each for `probe_timeout` seconds (30) at most; after
    `close_after` successes it closes. A `dry_run` rejects no call and only counts. Nested calls that share a
    breaker need a probe each.

    `name` is its name in metrics. `on_state_change` is called with the breaker, its earlier and its new
    state, by the call or reading that meets the change. An error of the handler is logged, and goes no further.

    A copy, and a breaker that travels to another process, has the same parameters and begins anew,
    closed.

    With `shared="shop"`, all processes of the host that give this name and the same parameters have one breaker, as
    one of them learns for all; see `Budget`. With `name="shop"` and a `Fleet` or the address of a Redis as `shared`, all
    processes of the fleet have one breaker: it opens for all where half of those that call the target have opened, and
    makes one probe in all.
    """

    __slots__ = ("_draw", "_has_jitter", "_last", "_on_state_change")
    core: _native.Breaker

    def __init__(
        self,
        *,
        consecutive: int | None = None,
        failure_rate: float | None = None,
        slow_rate: float | None = None,
        slow_after: Seconds | None = None,
        window_calls: int | None = None,
        window_time: Seconds | None = None,
        min_calls: int | None = None,
        open_for: Seconds | None = None,
        growth: float | None = None,
        max_open_for: Seconds | None = None,
        jitter: str | None = None,
        probes: int | None = None,
        close_after: int | None = None,
        probe_timeout: Seconds | None = None,
        dry_run: bool = False,
        name: str | None = None,
        shared: str | Fleet | None = None,
        on_state_change: Callable[[Breaker, str, str], object] | None = None,
        **unknown: NoReturn,
    ) -> None:
        if (slow_rate is None) != (slow_after is None):
            lacking = "slow_after" if slow_after is None else "slow_rate"
            raise TypeError(
                f"slow_rate and slow_after must be given together, but {lacking} is missing"
            )
        given: dict[str, tuple[Callable[..., Any], Any]] = {
            "consecutive": (_guard_parameters.count, consecutive),
            "failure_rate": (_guard_parameters.rate, failure_rate),
            "slow_rate": (_guard_parameters.rate, slow_rate),
            "slow_after": (_guard_parameters.duration, slow_after),
            "window_calls": (_guard_parameters.count, window_calls),
            "window_time": (_guard_parameters.duration, window_time),
            "min_calls": (_guard_parameters.count, min_calls),
            "open_for": (_guard_parameters.duration, open_for),
            "growth": (_guard_parameters.rate, growth),
            "max_open_for": (_guard_parameters.duration, max_open_for),
            "jitter": (_guard_parameters.word, jitter),
            "probes": (_guard_parameters.count, probes),
            "close_after": (_guard_parameters.count, close_after),
            "probe_timeout": (_guard_parameters.duration, probe_timeout),
        }
        for wrong in unknown:
            meant = _OF_OTHER_LIBRARIES.get(wrong)
            advice = suggestion(wrong, given) if meant is None else f"; did you mean {meant!r}?"
            raise TypeError(f"Breaker has no parameter {wrong!r}{advice}")
        parameters = {name: check(name, v) for name, (check, v) in given.items() if v is not None}
        self._begin(_native.Breaker, parameters, dry_run=dry_run, name=name, shared=shared)
        self._has_jitter = jitter is not None and jitter != "none"
        self._draw: float | None = None
        if on_state_change is not None and not may_take(on_state_change, 3):
            rule = "a function of the breaker, its earlier and its new state, which is not awaited"
            raise mistake(TypeError, "on_state_change", rule, on_state_change)
        self._on_state_change = on_state_change
        self._last = "closed"

    def _notice(self) -> str:
        """The state now. A change since the last look is reported."""
        state = self.core.state(now())
        last, self._last = self._last, state
        if state != last and self._on_state_change is not None:
            try:
                self._on_state_change(self, last, state)
            except Exception:
                from rebackoff._common import LOGGER_NAME, _prepare_logger

                words = "on_state_change of the breaker %r raised, from %s to %s"
                _prepare_logger(LOGGER_NAME).exception(words, self.name, last, state)
        return state

    @property
    def state(self) -> str:
        """`"closed"`, `"open"`, `"half_open"` or `"isolated"`."""
        return self._notice()

    @property
    def rejected(self) -> int:
        """The number of rejected calls; in a dry run, of those that would have been."""
        return self.core.rejected

    @property
    def opened(self) -> int:
        """The number of times that it opened."""
        return self.core.opened

    @property
    def failures(self) -> int:
        """The number of failures that it counted."""
        return self.core.failures

    def check(self) -> None:
        """Raises `CircuitOpenError` if `admit` would. It takes and counts nothing."""
        retry_in = self.core.check(now())
        if retry_in is not None:
            raise rejection(retry_in)

    def admit(self) -> Permit:
        """Asks for a call; the decorators do so by themselves. The permit is a context manager, or
        settles the call by `settle`.

        Raises:
            CircuitOpenError: The target is not to be called.
        """
        self.report()
        admission = self.core.admit(now())
        if self._on_state_change is not None:
            self._notice()
        if isinstance(admission, float):
            raise rejection(admission)
        return Permit(self, admission)

    def force_open(self) -> None:
        """Opens it now, for `open_for` seconds."""
        self.core.force_open(now())
        self._notice()

    def isolate(self) -> None:
        """Rejects every call, until `reset` or `force_open`."""
        self.core.isolate()
        self._notice()

    def reset(self) -> None:
        """Closes it, with nothing counted."""
        self.core.reset()
        self._notice()

    def settle(self, settle: Callable[..., bool], health: str | None, *more: Any) -> None:
        """Settles a call, with a draw for the jitter of an opening: one that is not used is kept.

        Where no draw can be made, that is an error only if one was needed.
        """
        if self._on_state_change is None:
            self._settle(settle, health, *more)
            return
        self._notice()
        try:
            self._settle(settle, health, *more)
        finally:
            self._notice()

    def _settle(self, settle: Callable[..., bool], health: str, *more: Any) -> None:
        if not self._has_jitter or health == "neutral":
            settle(*more, health, now(), 0.0)
            return
        failure = None
        if self._draw is None:
            try:
                self._draw = number(_jitter.draw())
            except Exception as error:
                failure = error
        if settle(*more, health, now(), self._draw or 0.0):
            self._draw = None
            if failure is not None:
                raise failure

    def __repr__(self) -> str:
        return f"<Breaker {_guard_parameters.prefix(self.name)}{self.core}: {self.state}>"

    def snapshot(self) -> dict[str, Any]:
        """The state now: name, state, failures, rejected, opened and dry_run."""
        counted = {"failures": self.failures, "rejected": self.rejected, "opened": self.opened}
        return self._snapshot(state=self.state, **counted)

    def __reduce__(self) -> tuple[Any, ...]:
        more = {"name": self.name, "on_state_change": self._on_state_change}
        return _guard_parameters.made_again, (type(self), {**self._parameters, **more})


class Permit:
    """A call that a breaker lets through.

        with breaker.admit():
            fetch()

    An `Exception` that leaves the block is a failure; a `CircuitOpenError`, and anything else that
    leaves it (a cancellation), is neutral.
    """

    __slots__ = ("_breaker", "_core")

    def __init__(self, breaker: Breaker, core: _native.Permit) -> None:
        self._breaker, self._core = breaker, core

    @property
    def is_probe(self) -> bool:
        """Returns whether the call is a probe of a half-open breaker."""
        return self._core.is_probe

    def settle(self, health: str = "success") -> None:
        """Settles the call: "success", "failure" or "neutral". Only the first settlement counts."""
        self._breaker.settle(self._core.settle, health)

    def __enter__(self) -> Permit:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None = None,
        traceback: Any = None,
    ) -> None:
        if kind is None:
            health = "success"
        elif is_rejection(error) or not issubclass(kind, Exception):
            health = "neutral"
        else:
            health = "failure"
        self.settle(health)
