"""What Rust does for the package."""

from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from datetime import timedelta
from typing import Any, TypeAlias, final

_Seconds: TypeAlias = float | timedelta

__all__ = [
    "Arities",
    "Call",
    "Failure",
    "Run",
    "Start",
    "Steps",
    "Waits",
    "__version__",
    "accelerate",
    "clock",
    "is_accelerated",
    "set_disabled",
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
    def runtime(value: Callable[[Any], _Seconds]) -> Waits: ...
    def __iter__(self) -> Waits: ...
    def __next__(self) -> float: ...
    def send(self, outcome: Any) -> float: ...
    def throw(self, error: Any, *rest: Any) -> float: ...
    def close(self) -> None: ...

@final
class Start:
    """The start of a call on a patched clock."""

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
        wait: Waits | Callable[..., Generator[float, Any]],
        wait_keywords: dict[str, Any] | None,
        jitter: Callable[[float], Any] | None,
        max_tries: Any,
        max_time: Any,
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
    @property
    def timed(self) -> bool: ...
    def begin(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], start: float | Start | None = None
    ) -> Call: ...

@final
class Arities:
    """A `Run`, with the coroutine functions for no argument, one, two and so on."""

    def __new__(cls, run: Run, functions: Sequence[Callable[..., Any]]) -> Arities: ...
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

@final
class Failure:
    """Raises the error of a try that was made in Rust."""

    def __call__(self, *_args: Any, **_kwargs: Any) -> None: ...

def is_accelerated() -> bool: ...
def accelerate(function: Callable[..., Any], run: Run) -> bool: ...
def clock() -> float | Start: ...
def set_disabled(disabled: bool) -> bool: ...
def set_waits(waits: list[float] | None) -> list[float] | None: ...
