"""The engine and the guards, without a driver."""

from typing import Any, final

__all__ = [
    "Breaker",
    "Budget",
    "CallGuards",
    "Engine",
    "Fleet",
    "Limits",
    "Permit",
    "Withdrawal",
    "__version__",
    "hint",
    "open_message",
    "policy",
    "should_retry",
    "simulate",
    "variables",
]
__version__: str

@final
class Limits:
    """The limits of a decorator."""

    def __new__(
        cls,
        *,
        max_tries: int | None,
        max_time: float | None,
        last_wait: str,
        nested: str,
        hint_ceiling: float | None,
        hint_above: str,
        hint_spread: float,
    ) -> Limits: ...
    def begin(self) -> Engine: ...

@final
class Engine:
    """One call's progress."""

    @property
    def max_tries(self) -> int | None: ...
    @property
    def max_time(self) -> float | None: ...
    def set_limits(self, limits: Limits) -> None: ...
    def handle_enclosing(
        self, remaining: float | None, elapsed: float, is_nested: bool
    ) -> None: ...
    def handle_verdict(
        self, elapsed: float, gives_up: bool = False, hint: float | None = None
    ) -> str | None: ...
    def wants_draw(self) -> bool: ...
    def handle_exact_wait(self, wait: object) -> float | None: ...
    def handle_wait(self, wait: float | None, draw: float = 0.0) -> float | str: ...

@final
class Budget:
    """The state of a budget."""

    @staticmethod
    def per_second(
        *,
        rate: float | None = None,
        capacity: int | None = None,
        dry_run: bool = False,
        shared: str | None = None,
        fleet: tuple[Fleet, int, bool] | None = None,
    ) -> Budget: ...
    @staticmethod
    def share(
        *,
        ratio: float | None = None,
        floor: float | None = None,
        ttl: float | None = None,
        dry_run: bool = False,
        shared: str | None = None,
        fleet: tuple[Fleet, int, bool] | None = None,
    ) -> Budget: ...
    @staticmethod
    def quota(
        *,
        capacity: int | None = None,
        retry_cost: int | None = None,
        timeout_cost: int | None = None,
        throttled_cost: int | None = None,
        dry_run: bool = False,
        shared: str | None = None,
    ) -> Budget: ...
    @staticmethod
    def throttle(
        *,
        max_tokens: int | None = None,
        token_ratio: float | None = None,
        dry_run: bool = False,
        shared: str | None = None,
    ) -> Budget: ...
    def tokens(self, now: float) -> float: ...
    @property
    def others(self) -> list[str]: ...
    @property
    def is_degraded(self) -> bool: ...
    @property
    def host_counts(self) -> list[tuple[str, int]]: ...
    @property
    def refused(self) -> int: ...
    @property
    def dry_run(self) -> bool: ...
    def handle_start(self, now: float) -> None: ...
    def handle_failure(self) -> None: ...
    def handle_success(self, last: Withdrawal | None) -> None: ...
    def withdraw(self, word: str, now: float) -> Withdrawal | None: ...
    def refund(self, withdrawal: Withdrawal) -> None: ...

@final
class Withdrawal:
    """A retry that was paid for."""

@final
class Breaker:
    """The state of a breaker."""

    def __new__(
        cls,
        *,
        consecutive: int | None = None,
        failure_rate: float | None = None,
        slow_rate: float | None = None,
        slow_after: float | None = None,
        window_calls: int | None = None,
        window_time: float | None = None,
        min_calls: int | None = None,
        open_for: float | None = None,
        growth: float | None = None,
        max_open_for: float | None = None,
        jitter: str | None = None,
        probes: int | None = None,
        close_after: int | None = None,
        probe_timeout: float | None = None,
        dry_run: bool = False,
        shared: str | None = None,
        fleet: tuple[Fleet, int, bool] | None = None,
    ) -> Breaker: ...
    def state(self, now: float) -> str: ...
    @property
    def others(self) -> list[str]: ...
    @property
    def is_degraded(self) -> bool: ...
    @property
    def host_counts(self) -> list[tuple[str, int]]: ...
    @property
    def rejected(self) -> int: ...
    @property
    def opened(self) -> int: ...
    @property
    def failures(self) -> int: ...
    @property
    def dry_run(self) -> bool: ...
    def check(self, now: float) -> float | None: ...
    def admit(self, now: float) -> Permit | float: ...
    def force_open(self, now: float) -> None: ...
    def isolate(self) -> None: ...
    def reset(self) -> None: ...

@final
class Permit:
    """A call that a breaker lets through."""

    @property
    def is_probe(self) -> bool: ...
    def settle(self, word: str, now: float, draw: float) -> bool: ...

@final
class Fleet:
    """The connection of this process to the store of a fleet."""

    def __new__(cls, url: str, now: float) -> Fleet: ...
    @property
    def is_degraded(self) -> bool: ...
    @property
    def requests(self) -> int: ...
    def take_report(self) -> str | None: ...
    def finish(self) -> None: ...
    def handle_fork(self) -> None: ...

@final
class CallGuards:
    """The guards of one call."""

    @staticmethod
    def start(budget: Budget | None, breaker: Breaker | None, now: float) -> CallGuards | float: ...
    def handle_plain_success(self) -> bool: ...
    def handle_success(self, word: str | None, now: float, draw: float) -> bool: ...
    def handle_failure(self, gives_up: bool, word: str | None, now: float, draw: float) -> bool: ...
    def handle_retry(self, word: str, wait: float, now: float) -> str | None: ...
    def handle_resume(self, now: float) -> bool: ...
    def handle_try(self) -> None: ...
    def handle_abandoned(self) -> None: ...

def policy(
    settings: list[tuple[str, Any]], base: list[tuple[str, Any]] | None = None
) -> tuple[list[tuple[str, Any]], str]: ...
def variables(
    name: str | None, prefix: str, variables: list[tuple[str, str | None]]
) -> list[tuple[str, Any]]: ...
def open_message(retry_in: float | None) -> str: ...
def hint(headers: str, now: float) -> float | None: ...
def should_retry(headers: str) -> bool | None: ...
def simulate(
    scenario: str, runs: int | None = None, seed: int | None = None, threads: int | None = None
) -> str: ...
