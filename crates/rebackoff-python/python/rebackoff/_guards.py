"""Budgets and breakers: shared by threads, tasks and event loops; no call waits for another."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from rebackoff import _jitter, _native
from rebackoff._clock import now
from rebackoff._mistakes import mistake, suggestion
from rebackoff._seconds import checked, number
from rebackoff._typing import Seconds

if TYPE_CHECKING:
    from rebackoff._fleet import Fleet

__all__ = ["Breaker", "Budget", "CircuitOpenError", "Permit"]

_MOST = 2**32 - 1


class CircuitOpenError(Exception):
    """A breaker rejects a call. That is no failure of the target, which was not called.

    Raised by a target, it is neutral for the breakers of enclosing calls, unless `counts` says otherwise.

    retry_in: seconds until a probe can be made; None when the breaker is isolated.
    """

    def __init__(
        self, message: str = "the circuit breaker is open", retry_in: float | None = None
    ) -> None:
        super().__init__(message, retry_in)
        self.retry_in = retry_in

    def __str__(self) -> str:
        return str(self.args[0])


def rejection(retry_in: float) -> CircuitOpenError:
    """The error of a call that a breaker rejects; an infinite time means that it is isolated."""
    known = None if retry_in == float("inf") else retry_in
    return CircuitOpenError(_native.open_message(known), known)


class Budget:
    """The retries that many calls may spend together, so that an outage is not answered with a
    multiple of its load.

    Made by `per_second`, `share`, `quota` or `throttle`, which differ in what fills the bucket. A
    `dry_run` refuses no retry and only counts; `name` is its name in metrics. A copy, and a budget that travels to
    another process, has the same parameters and begins anew.

    With `shared="shop"`, all processes of the host that give this name and the same parameters have one budget, which
    lies in a memory-mapped file (Linux). Its own counters are those of the process; those of the host, in `snapshot`,
    begin with `host_`.

    With `name="shop"` and a `Fleet` or the address of a Redis as `shared`, all processes of the fleet have one budget;
    `per_second` and `share` can be shared so.
    """

    __slots__ = ("__weakref__", "_kind", "_parameters", "core", "fleet", "name")
    core: _native.Budget
    fleet: Fleet | None
    name: str | None
    _kind: str
    _parameters: dict[str, Any]

    def __new__(cls) -> Budget:
        raise TypeError("a Budget is made by per_second(), share(), quota() or throttle()")

    @classmethod
    def per_second(
        cls,
        *,
        rate: float | None = None,
        capacity: int | None = None,
        dry_run: bool = False,
        name: str | None = None,
        shared: str | Fleet | None = None,
    ) -> Budget:
        """A bucket that time fills: `rate` tokens a second, at most `capacity`, full at first. A retry
        takes one.
        """
        checks = {"rate": _rate, "capacity": _count}
        return cls._of("per_second", dry_run, name, shared, given=(rate, capacity), **checks)

    @classmethod
    def share(
        cls,
        *,
        ratio: float | None = None,
        floor: float | None = None,
        ttl: Seconds | None = None,
        dry_run: bool = False,
        name: str | None = None,
        shared: str | Fleet | None = None,
    ) -> Budget:
        """A share of the calls: `ratio` retries for each call of the last `ttl` seconds, and `floor` a
        second on top. The rule and the defaults are Finagle's.
        """
        checks = {"ratio": _rate, "floor": _rate, "ttl": _duration}
        return cls._of("share", dry_run, name, shared, given=(ratio, floor, ttl), **checks)

    @classmethod
    def quota(
        cls,
        *,
        capacity: int | None = None,
        retry_cost: int | None = None,
        timeout_cost: int | None = None,
        throttled_cost: int | None = None,
        dry_run: bool = False,
        name: str | None = None,
        shared: str | Fleet | None = None,
    ) -> Budget:
        """A quota that successes give back: a retry takes `retry_cost` of `capacity`, one after a
        timeout `timeout_cost`, one after a server that throttles `throttled_cost` (default: `retry_cost`);
        a success gives back what its last retry took, or 1. The rule and the defaults are those of the
        AWS SDKs before 2026; `Budget.aws()` has today's.

        A timeout is an error whose class is called one. A server throttles by status 429, or by a class
        such as `ThrottlingException`.
        """
        given = (capacity, retry_cost, timeout_cost, throttled_cost)
        names = ("capacity", "retry_cost", "timeout_cost", "throttled_cost")
        return cls._of("quota", dry_run, name, shared, given=given, **dict.fromkeys(names, _count))

    @classmethod
    def aws(
        cls, *, dry_run: bool = False, name: str | None = None, shared: str | Fleet | None = None
    ) -> Budget:
        """The quota of the AWS SDKs since 2026: 500, of which a retry takes 14, and one after a server
        that throttles 5. The waits of those SDKs: `expo(factor=0.05, max_value=20)` and 3 tries, with
        `factor=1` after a server that throttles.
        """
        prices = {"retry_cost": 14, "timeout_cost": 14, "throttled_cost": 5}
        return cls.quota(**prices, dry_run=dry_run, name=name, shared=shared)

    @classmethod
    def throttle(
        cls,
        *,
        max_tokens: int | None = None,
        token_ratio: float | None = None,
        dry_run: bool = False,
        name: str | None = None,
        shared: str | Fleet | None = None,
    ) -> Budget:
        """A throttle: a failure takes a token, a success gives `token_ratio` of one, and retries pass
        while there is more than half of `max_tokens`. The rule is gRPC's (A6).
        """
        checks = {"max_tokens": _count, "token_ratio": _rate}
        return cls._of("throttle", dry_run, name, shared, given=(max_tokens, token_ratio), **checks)

    @classmethod
    def _of(
        cls,
        kind: str,
        dry_run: bool,
        name: str | None,
        shared: str | Fleet | None,
        *,
        given: tuple[Any, ...],
        **checks: Callable[..., Any],
    ) -> Budget:
        values = zip(checks.items(), given, strict=True)
        parameters = {key: check(key, one) for (key, check), one in values if one is not None}
        parameters["dry_run"] = _flag("dry_run", dry_run)
        budget = object.__new__(cls)
        budget.name, budget.fleet, place = _placed(name, shared)
        if budget.fleet is not None and kind not in ("per_second", "share"):
            rule = f"None or a name for a budget of the kind {kind}: a fleet shares per_second and share"
            raise mistake(ValueError, "shared", rule, shared)
        budget.core = getattr(_native.Budget, kind)(**parameters, **place)
        budget._kind, budget._parameters = kind, {**parameters, "shared": shared}
        _report_others(budget)
        return budget

    @property
    def scope(self) -> str:
        """`"process"`, `"host"` or `"fleet"`: where its state is."""
        return _scope(self)

    @property
    def degraded(self) -> bool:
        """Returns whether it goes on without the Redis of its fleet."""
        return self.core.is_degraded

    @property
    def tokens(self) -> float:
        """The tokens that are left; retries for a `share`."""
        return self.core.tokens(now())

    @property
    def refused(self) -> int:
        """The number of refused retries; in a dry run, of those that would have been."""
        return self.core.refused

    @property
    def dry_run(self) -> bool:
        """Returns whether this is a dry run, which refuses no retry and only counts."""
        return self.core.dry_run

    def handle_start(self) -> None:
        """A call begins. The decorators report that, and what follows, by themselves."""
        self.core.handle_start(now())

    def handle_failure(self) -> None:
        """A try failed in a way that another may mend."""
        self.core.handle_failure()

    def handle_success(self, last: _native.Withdrawal | None = None) -> None:
        """A call succeeded; `last` is what its last retry withdrew, if it needed one."""
        self.core.handle_success(last)

    def withdraw(
        self, *, timeout: bool = False, throttled: bool = False
    ) -> _native.Withdrawal | None:
        """Pays for a retry; None when there is too little left, and the retry is not to be made."""
        word = "timeout" if timeout else "throttled" if throttled else "retry"
        _report(self)
        return self.core.withdraw(word, now())

    def refund(self, withdrawal: _native.Withdrawal) -> None:
        """Gives back what a retry took that is not made after all; once for each withdrawal."""
        self.core.refund(withdrawal)

    def __repr__(self) -> str:
        return f"<Budget {_named(self.name)}{self.core}>"

    def snapshot(self) -> dict[str, Any]:
        """The state now: name, kind, tokens, refused and dry_run."""
        return {
            "name": self.name,
            "kind": self._kind,
            "tokens": self.tokens,
            "refused": self.refused,
            "dry_run": self.dry_run,
            **_state_of_scope(self),
        }

    def __reduce__(self) -> tuple[Any, ...]:
        parameters = {**self._parameters, "name": self.name}
        return _made_again, (getattr(type(self), self._kind), parameters)


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


class Breaker:
    """A circuit breaker: whether to call at all, learned from many calls.

    It opens after `consecutive` failures in a row (5); or, where they are given, when
    `failure_rate` of the calls in the window failed, or `slow_rate` of them took longer than
    `slow_after` seconds. The window is the last `window_time` seconds (10) or `window_calls`, and
    counts from `min_calls` (20) on. It stays open for `open_for` seconds (30), times `growth` (1)
    for each re-opening, at most `max_open_for`, spread by `jitter` ("none", "full", "equal").
    Then `probes` calls (1) may try at once, each for `probe_timeout` seconds (30) at most; after
    `close_after` successes it closes. A `dry_run` rejects no call and only counts.

    `name` is its name in metrics. `on_state_change` is called with the breaker, its earlier and its new
    state, by the call or reading that meets the change. An error of the handler is logged, and goes no further.

    A copy, and a breaker that travels to another process, has the same parameters and begins anew,
    closed.

    With `shared="shop"`, all processes of the host that give this name and the same parameters have one breaker, as
    one of them learns for all; see `Budget`. With `name="shop"` and a `Fleet` or the address of a Redis as `shared`, all
    processes of the fleet have one breaker: it opens for all where half of those that call the target have opened, and
    makes one probe in all.
    """

    __slots__ = (
        *("__weakref__", "_draw", "_has_jitter", "_last", "_on_state_change", "_parameters"),
        *("core", "fleet", "name"),
    )

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
            "consecutive": (_count, consecutive),
            "failure_rate": (_rate, failure_rate),
            "slow_rate": (_rate, slow_rate),
            "slow_after": (_duration, slow_after),
            "window_calls": (_count, window_calls),
            "window_time": (_duration, window_time),
            "min_calls": (_count, min_calls),
            "open_for": (_duration, open_for),
            "growth": (_rate, growth),
            "max_open_for": (_duration, max_open_for),
            "jitter": (_word, jitter),
            "probes": (_count, probes),
            "close_after": (_count, close_after),
            "probe_timeout": (_duration, probe_timeout),
        }
        for wrong in unknown:
            meant = _OF_OTHER_LIBRARIES.get(wrong)
            advice = suggestion(wrong, given) if meant is None else f"; did you mean {meant!r}?"
            raise TypeError(f"Breaker has no parameter {wrong!r}{advice}")
        parameters = {name: check(name, v) for name, (check, v) in given.items() if v is not None}
        parameters["dry_run"] = _flag("dry_run", dry_run)
        self.name, self.fleet, place = _placed(name, shared)
        self.core = _native.Breaker(**parameters, **place)
        self._parameters = {**parameters, "shared": shared}
        self._has_jitter = jitter is not None and jitter != "none"
        self._draw: float | None = None
        _report_others(self)
        if on_state_change is not None and not callable(on_state_change):
            rule = "a function of the breaker, its earlier and its new state"
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
    def scope(self) -> str:
        """`"process"`, `"host"` or `"fleet"`: where its state is."""
        return _scope(self)

    @property
    def degraded(self) -> bool:
        """Returns whether it goes on without the Redis of its fleet."""
        return self.core.is_degraded

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

    @property
    def dry_run(self) -> bool:
        """Returns whether this is a dry run, which rejects no call and only counts."""
        return self.core.dry_run

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
        _report(self)
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
        return f"<Breaker {_named(self.name)}{self.core}: {self.state}>"

    def snapshot(self) -> dict[str, Any]:
        """The state now: name, state, failures, rejected, opened and dry_run."""
        return {
            "name": self.name,
            "state": self.state,
            "failures": self.failures,
            "rejected": self.rejected,
            "opened": self.opened,
            "dry_run": self.dry_run,
            **_state_of_scope(self),
        }

    def __reduce__(self) -> tuple[Any, ...]:
        more = {"name": self.name, "on_state_change": self._on_state_change}
        return _made_again, (type(self), {**self._parameters, **more})


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
        elif isinstance(error, CircuitOpenError) or not issubclass(kind, Exception):
            health = "neutral"
        else:
            health = "failure"
        self.settle(health)


class Guarding:
    """The guards of a decorator, with the clock, the draws and `counts` that the `CallGuards` of its calls need."""

    __slots__ = ("_given", "_of_fleets", "breaker", "budget")

    def __init__(self, budget: Budget | None, breaker: Breaker | None, counts: Any) -> None:
        self._given = budget, breaker, counts
        guards = (one for one in (budget, breaker) if one is not None)
        self._of_fleets = [one for one in guards if one.fleet is not None]
        self.budget = None if budget is None else budget.core
        self.breaker = None if breaker is None else breaker.core

    def start(self) -> _native.CallGuards | float:
        """The guards of a call; the seconds until the next probe where the breaker rejects it."""
        return _native.CallGuards.start(self.budget, self.breaker, now())

    def handle_success(self, guards: _native.CallGuards, value: Any) -> None:
        """A try succeeded."""
        self._settle(guards.handle_success, value, None)

    def handle_failure(self, guards: _native.CallGuards, outcome: Any, gives_up: bool) -> None:
        """A try failed; where the caller's condition gives up, the target has answered all the same."""
        health = "neutral" if isinstance(outcome, CircuitOpenError) else None
        self._settle(guards.handle_failure, outcome, health, gives_up)

    def handle_retry(self, guards: _native.CallGuards, outcome: Any, wait: float) -> str | None:
        """Pays for a retry after `wait` seconds; the reason to give up where it is refused."""
        word = "retry" if self.budget is None else _cost(outcome)
        return guards.handle_retry(word, wait, now())

    def handle_resume(self, guards: _native.CallGuards) -> bool:
        """Asks the breaker again, after the wait."""
        return guards.handle_resume(now())

    def _settle(self, handle: Any, outcome: Any, health: str | None, *more: Any) -> None:
        _, breaker, counts = self._given
        for guard in self._of_fleets:
            _report(guard)
        if breaker is None:
            handle(*more, None, 0.0, 0.0)
            return
        if counts is not None:
            health = _counted(counts(outcome))
        breaker.settle(handle, health, *more)

    def __reduce__(self) -> tuple[Any, ...]:
        return Guarding, self._given


def _name(name: str | None, parameter: str = "name") -> str | None:
    if name is not None and not (isinstance(name, str) and name):
        raise mistake(TypeError, parameter, "a text", name)
    return name


def _placed(
    name: str | None, shared: str | Fleet | None
) -> tuple[str | None, Fleet | None, dict[str, Any]]:
    """Name and fleet of a guard, and where its state is, as the extension takes it."""
    if shared is None:
        return _name(name), None, {}
    if isinstance(shared, str) and "://" not in shared:
        host = _name(shared, "shared")
        return _name(host if name is None else name), None, {"shared": host}
    from rebackoff._fleet import fleet_of

    fleet = fleet_of(shared)
    if name is None:
        raise mistake(TypeError, "name", "a text for a guard of a fleet", name)
    return _name(name), fleet, {"shared": name, "fleet": fleet.terms}


def _scope(guard: Budget | Breaker) -> str:
    if guard.fleet is not None:
        return "fleet"
    return "process" if guard._parameters["shared"] is None else "host"


def _state_of_scope(guard: Budget | Breaker) -> dict[str, Any]:
    """The part of a snapshot that only shared guards have."""
    of_fleet = {} if guard.fleet is None else {"degraded": guard.degraded}
    return {**dict(guard.core.host_counts), **of_fleet}


def _report(guard: Budget | Breaker) -> None:
    """Logs a change of the guard's fleet."""
    if guard.fleet is not None:
        guard.fleet.report()


def _report_others(guard: Budget | Breaker) -> None:
    """Logs the guards of the same name with other parameters: a rolling release, or a mistake."""
    for other in guard.core.others:
        import logging

        kind, name = type(guard).__name__.lower(), guard._parameters["shared"]
        rule = "the shared %s %r has other parameters in another process: %s; here: %s"
        logging.getLogger("rebackoff").warning(rule, kind, name, other, guard.core)


def _named(name: str | None) -> str:
    return "" if name is None else f"{name!r} "


def _made_again(make: Callable[..., Any], parameters: dict[str, Any]) -> Any:
    return make(**parameters)


def _counted(counted: Any) -> str:
    """The health that `counts` gives."""
    if counted is None:
        return "neutral"
    if isinstance(counted, bool):
        return "failure" if counted else "success"
    rule = "True for a failure of the target, False for a success, or None for neither"
    raise TypeError(f"counts must give {rule}, but it gave {counted!r}")


def _cost(outcome: Any) -> str:
    """The class of a retry after this outcome, by the names of its classes and its status."""
    from rebackoff._http_responses import status_of

    names = [kind.__name__ for kind in type(outcome).__mro__]
    if any("Timeout" in name for name in names):
        return "timeout"
    if any(word in name for name in names for word in _THROTTLED) or status_of(outcome) == 429:
        return "throttled"
    return "retry"


_THROTTLED = ("Throttl", "TooManyRequests", "RateLimit", "SlowDown")


def _count(name: str, value: Any) -> int:
    rule = "a whole number of at least 1"
    if isinstance(value, bool) or not hasattr(type(value), "__index__"):
        raise mistake(TypeError, name, rule, value)
    count = int(value.__index__())
    if count < 0:
        raise mistake(ValueError, name, rule, value)
    return min(count, _MOST)


def _rate(name: str, value: Any) -> float:
    found = None if isinstance(value, bool) else number(value)
    if found is None:
        raise mistake(TypeError, name, "a number", value)
    return found


def _duration(name: str, value: Any) -> float:
    return checked(name, value, "a number of seconds, 0 or more, or a timedelta")


def _word(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise mistake(TypeError, name, "a word", value)
    return str(value)


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise mistake(TypeError, name, "True or False", value)
    return value
