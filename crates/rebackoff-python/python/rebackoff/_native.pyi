"""What Rust does for the package."""

from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from datetime import timedelta
from typing import Any, TypeAlias, final

_Seconds: TypeAlias = float | timedelta

__all__ = [
    "Breaker",
    "Budget",
    "Call",
    "Permit",
    "Run",
    "Scope",
    "Start",
    "Steps",
    "Waits",
    "Withdrawal",
    "__version__",
    "clock",
    "hint",
    "remaining",
    "set_disabled",
    "set_exporters",
    "set_waits",
]
__version__: str

@final
class Waits(Generator[float, Any]):
    """A configured wait strategy; used by hand, a generator of raw waits."""

    @staticmethod
    def constant(interval: _Seconds | Iterable[_Seconds]) -> Waits: ...
    @staticmethod
    def linear(start: _Seconds, step: _Seconds, max_value: _Seconds | None) -> Waits: ...
    @staticmethod
    def expo(base: float, factor: _Seconds, max_value: _Seconds | None) -> Waits: ...
    @staticmethod
    def fibo(max_value: _Seconds | None) -> Waits: ...
    @staticmethod
    def decay(
        initial_value: _Seconds, decay_factor: float, min_value: _Seconds | None
    ) -> Waits: ...
    @staticmethod
    def decorrelated(base: _Seconds, max_value: _Seconds | None) -> Waits: ...
    @staticmethod
    def runtime(value: Callable[[Any], _Seconds | None]) -> Waits: ...
    def __iter__(self) -> Waits: ...
    def __next__(self) -> float: ...
    def send(self, outcome: Any) -> float: ...
    def throw(self, error: Any, *rest: Any) -> float: ...
    def close(self) -> None: ...

@final
class Start:
    """The start of a call on a patched clock."""

@final
class Budget:
    """How many retries many calls may spend together."""

    @staticmethod
    def per_second(
        *, rate: float | None = None, capacity: int | None = None, dry_run: bool = False
    ) -> Budget: ...
    @staticmethod
    def share(
        *,
        ratio: float | None = None,
        floor: float | None = None,
        ttl: _Seconds | None = None,
        dry_run: bool = False,
    ) -> Budget: ...
    @staticmethod
    def quota(
        *,
        capacity: int | None = None,
        retry_cost: int | None = None,
        timeout_cost: int | None = None,
        dry_run: bool = False,
    ) -> Budget: ...
    @staticmethod
    def throttle(
        *, max_tokens: int | None = None, token_ratio: float | None = None, dry_run: bool = False
    ) -> Budget: ...
    @property
    def tokens(self) -> float: ...
    @property
    def refused(self) -> int: ...
    @property
    def dry_run(self) -> bool: ...
    def handle_start(self) -> None: ...
    def handle_failure(self) -> None: ...
    def handle_success(self, last: Withdrawal | None = None) -> None: ...
    def withdraw(self, *, timeout: bool = False) -> Withdrawal | None: ...
    def refund(self, withdrawal: Withdrawal) -> None: ...

@final
class Withdrawal:
    """A retry that was paid for."""

@final
class Breaker:
    """Whether to call at all, learned from many calls."""

    def __new__(
        cls,
        *,
        consecutive: int | None = None,
        failure_rate: float | None = None,
        slow_rate: float | None = None,
        slow_after: _Seconds | None = None,
        window_calls: int | None = None,
        window_time: _Seconds | None = None,
        min_calls: int | None = None,
        open_for: _Seconds | None = None,
        growth: float | None = None,
        max_open_for: _Seconds | None = None,
        jitter: str | None = None,
        probes: int | None = None,
        close_after: int | None = None,
        probe_timeout: _Seconds | None = None,
        metrics_only: bool = False,
    ) -> Breaker: ...
    @property
    def state(self) -> str: ...
    @property
    def rejected(self) -> int: ...
    @property
    def opened(self) -> int: ...
    @property
    def failures(self) -> int: ...
    @property
    def metrics_only(self) -> bool: ...
    def check(self) -> None: ...
    def admit(self) -> Permit: ...
    def force_open(self) -> None: ...
    def isolate(self) -> None: ...
    def reset(self) -> None: ...

@final
class Permit:
    """A call that a breaker lets through."""

    @property
    def is_probe(self) -> bool: ...
    def settle(self, health: str = "success") -> None: ...
    def __enter__(self) -> Permit: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None = None,
        traceback: Any = None,
    ) -> None: ...

@final
class Scope:
    """A call or a deadline that a context variable holds."""

    def __new__(cls, seconds: _Seconds) -> Scope: ...
    def enter(self) -> None: ...
    def leave(self) -> None: ...

@final
class Run:
    """What a decorator was told."""

    def __new__(
        cls,
        *,
        target: Callable[..., Any] | None,
        is_async: bool,
        trigger: Any,
        narrow: tuple[type[BaseException], ...] | None,
        giveup: Callable[[Any], Any] | None,
        raise_on_giveup: bool,
        by_predicate: bool,
        hint: Callable[[Any], _Seconds | None] | None,
        hint_ceiling: Any,
        hint_above: Any,
        hint_spread: Any,
        wait: Waits | Callable[..., Generator[float, Any]],
        wait_keywords: dict[str, Any] | None,
        jitter: Callable[[float], Any] | None,
        max_tries: Any,
        max_time: Any,
        last_wait: Any,
        nested: Any,
        budget: Any,
        breaker: Any,
        counts: Callable[[Any], bool | None] | None,
        on_try: Sequence[Callable[[Any], Any]],
        on_success: Sequence[Callable[[Any], Any]],
        on_backoff: Sequence[Callable[[Any], Any]],
        on_giveup: Sequence[Callable[[Any], Any]],
        logger: Any,
        backoff_level: int,
        giveup_level: int,
    ) -> Run: ...
    @property
    def busy(self) -> bool: ...
    def remaining_outside(self) -> float | None: ...
    @property
    def timed(self) -> bool: ...
    def begin(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], start: float | Start | None = None
    ) -> Call: ...

@final
class Call:
    """One call of a decorated function, from its first try to its last."""

    @property
    def again(self) -> bool: ...
    @property
    def silent(self) -> bool: ...
    def enter(self) -> None: ...
    def enter_if_timed(self) -> None: ...
    def leave(self) -> None: ...
    def passed(self) -> None: ...
    def lost(self) -> None: ...
    def trying(self) -> None: ...
    def failed(self, error: BaseException) -> bool: ...
    def returned(self, value: Any) -> bool: ...
    def refused(self, value: Any) -> bool: ...
    def succeeded(self, value: Any) -> None: ...
    def atrying(self) -> Awaitable[None] | None: ...
    def afailed(self, error: BaseException) -> Awaitable[None] | None: ...
    def areturned(self, value: Any) -> Awaitable[None] | None: ...
    def arefused(self, value: Any, answer: Any) -> Awaitable[None] | None: ...
    def asucceeded(self, value: Any) -> Awaitable[None] | None: ...

@final
class Steps:
    """An outcome whose settling waits for one thing after another."""

    def __await__(self) -> Steps: ...
    def __iter__(self) -> Steps: ...
    def __next__(self) -> Any: ...
    def send(self, value: Any) -> Any: ...
    def throw(self, *error: Any) -> Any: ...
    def close(self) -> None: ...

def clock() -> float | Start: ...
def set_exporters(
    *,
    on_try: tuple[Callable[[Any], Any], ...],
    on_backoff: tuple[Callable[[Any], Any], ...],
    on_giveup: tuple[Callable[[Any], Any], ...],
    on_success: tuple[Callable[[Any], Any], ...],
) -> None: ...
def remaining() -> float | None: ...
def hint(headers: list[tuple[str, str]], now: float) -> float | None: ...
def set_disabled(disabled: bool) -> bool: ...
def set_waits(waits: list[float] | None) -> list[float] | None: ...
