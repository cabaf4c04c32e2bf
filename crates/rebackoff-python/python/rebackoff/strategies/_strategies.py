"""Retry strategies as objects: whether to try again, and how long to wait."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

from rebackoff import decorrelated, equal_jitter, expo, full_jitter, linear, on_exception
from rebackoff._checks import exceptions
from rebackoff._mistakes import mistake
from rebackoff._seconds import checked

JITTER_TYPES = ("full", "equal", "decorrelated")

_Target = TypeVar("_Target", bound=Callable[..., Any])
_Result = TypeVar("_Result")
_Arguments = ParamSpec("_Arguments")


def retry(strategy: RetryStrategy, **options: Any) -> Callable[[_Target], _Target]:
    """A decorator that retries a `def` or `async def` as the strategy says.

    When the strategy allows no further attempt, the target's own exception comes back. `options`
    are those of `on_exception`: handlers, `giveup`, `max_time`, `logger` and so on.

    >>> failures = iter([ConnectionError(), ConnectionError()])
    >>> @retry(ExponentialBackoff(max_attempts=3, initial_delay=0.001))
    ... def fetch():
    ...     for failure in failures:
    ...         raise failure
    ...     return "fetched"
    >>> fetch()
    'fetched'
    """
    check_strategy(strategy)
    options = {"max_tries": strategy.max_attempts, **strategy.options(), **options}
    # `options` may hold `raise_on_giveup`, on which the type of a decorator depends
    decorate: Callable[[_Target], _Target] = on_exception(
        strategy.waits, strategy.exceptions, jitter=None, **options
    )
    return decorate


@dataclass(frozen=True, kw_only=True)
class RetryStrategy:
    """The base of the strategies; a subclass returns the wait from `get_delay`.

    max_attempts: most attempts, the first included; 1 or more.
    max_delay: the longest delay, in seconds, of the strategies that grow.
    exceptions: the exception type, or types, that are retried; others pass through.

    >>> class Squares(RetryStrategy):
    ...     def get_delay(self, attempt):
    ...         return attempt**2
    >>> Squares(max_attempts=5).get_delay(3)
    9
    """

    max_attempts: int = 3
    max_delay: float = 60.0
    exceptions: type[Exception] | tuple[type[Exception], ...] = (Exception,)

    def __post_init__(self) -> None:
        rule = "a whole number of at least 1"
        if not isinstance(self.max_attempts, int) or isinstance(self.max_attempts, bool):
            raise mistake(TypeError, "max_attempts", rule, self.max_attempts)
        if self.max_attempts < 1:
            raise mistake(ValueError, "max_attempts", rule, self.max_attempts)
        checked("max_delay", self.max_delay, "a number of seconds, 0 or more")
        object.__setattr__(self, "exceptions", exceptions("exceptions", self.exceptions))

    def should_retry(self, attempt: int, exception: BaseException) -> bool:
        """Returns whether another attempt may follow the failed one with this number."""
        return attempt < self.max_attempts and isinstance(exception, self.exceptions)

    def get_delay(self, attempt: int) -> float:
        """The seconds to wait after the failed attempt with this number, which starts at 1."""
        raise NotImplementedError(f"{type(self).__name__} does not define get_delay(attempt)")

    def options(self) -> dict[str, Any]:
        """The further options that `retry` passes to `on_exception`, such as a budget."""
        return {}

    def waits(self) -> Generator[float, Any, None]:
        """The waits of one call: a fresh generator that is sent each exception in turn."""
        delays = self._delays()
        exception = yield 0.0
        for attempt in itertools.count(1):
            if not self.should_retry(attempt, exception):
                return
            exception = yield next(delays)

    def _delays(self) -> Iterator[float]:
        return map(self.get_delay, itertools.count(1))


@dataclass(frozen=True)
class FixedBackoff(RetryStrategy):
    """A constant delay: `delay` seconds, whatever `max_delay` says.

    >>> FixedBackoff(delay=0.5).get_delay(3)
    0.5
    """

    delay: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_finite("delay", self.delay)

    def get_delay(self, attempt: int) -> float:
        return self.delay


@dataclass(frozen=True)
class LinearBackoff(RetryStrategy):
    """Delays that grow evenly: min(max_delay, initial_delay + (attempt - 1)·increment).

    >>> strategy = LinearBackoff(initial_delay=1.0, increment=2.0, max_delay=6.0)
    >>> [strategy.get_delay(attempt) for attempt in (1, 2, 3, 4)]
    [1.0, 3.0, 5.0, 6.0]
    """

    initial_delay: float = 1.0
    increment: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_finite("initial_delay", self.initial_delay)
        _check_finite("increment", self.increment)

    def get_delay(self, attempt: int) -> float:
        waits = linear(start=self.initial_delay, step=self.increment, max_value=self.max_delay)
        return _delay_after(attempt, waits)


@dataclass(frozen=True)
class ExponentialBackoff(RetryStrategy):
    """Delays that grow by a factor: min(max_delay, initial_delay·base^(attempt - 1)).

    >>> strategy = ExponentialBackoff(base=2.0, initial_delay=0.5, max_delay=3.0)
    >>> [strategy.get_delay(attempt) for attempt in (1, 2, 3, 4)]
    [0.5, 1.0, 2.0, 3.0]
    """

    base: float = 2.0
    initial_delay: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_finite("initial_delay", self.initial_delay)
        _check_finite("base", self.base, "a finite number above 0", above=True)

    def get_delay(self, attempt: int) -> float:
        waits = expo(base=self.base, factor=self.initial_delay, max_value=self.max_delay)
        return _delay_after(attempt, waits)


@dataclass(frozen=True)
class ExponentialBackoffWithJitter(ExponentialBackoff):
    """Exponential delays spread at random, so that clients that failed together part.

    With d for the exponential delay and U(a, b) for a uniform draw, `jitter_type` is

    - "full": U(0, d), the default
    - "equal": d/2 + U(0, d/2)
    - "decorrelated": min(max_delay, U(initial_delay, 3·previous)), where previous is the call's own
      last delay and starts at initial_delay

    >>> 0 <= ExponentialBackoffWithJitter(jitter_type="full").get_delay(3) <= 4
    True
    """

    jitter_type: str = "full"
    base: float = field(default=2.0, kw_only=True)
    initial_delay: float = field(default=1.0, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.jitter_type not in JITTER_TYPES:
            rule = f"one of {', '.join(map(repr, JITTER_TYPES))}"
            raise mistake(ValueError, "jitter_type", rule, self.jitter_type)

    def get_delay(self, attempt: int) -> float:
        if self.jitter_type == "decorrelated":
            return _delay_after(attempt, self._decorrelated())
        spread = full_jitter if self.jitter_type == "full" else equal_jitter
        return spread(super().get_delay(attempt))

    def _delays(self) -> Iterator[float]:
        # here a delay depends on the one before it, so a call has to draw them in a row
        if self.jitter_type == "decorrelated":
            return itertools.islice(self._decorrelated(), 1, None)
        return super()._delays()

    def _decorrelated(self) -> Iterator[float]:
        return decorrelated(base=self.initial_delay, max_value=self.max_delay)


class AdaptiveRetry:
    """A strategy for each type of exception; the first one added that matches decides.

    >>> adaptive = AdaptiveRetry()
    >>> adaptive.add_strategy(ConnectionError, ExponentialBackoff(initial_delay=0.001))
    >>> adaptive.add_strategy(TimeoutError, FixedBackoff(max_attempts=2, delay=0.002))
    >>> adaptive.execute(pow, 2, 10)
    1024
    """

    def __init__(self) -> None:
        self.strategies: dict[type[Exception], RetryStrategy] = {}

    def add_strategy(self, exception_type: type[Exception], strategy: RetryStrategy) -> None:
        """From the next call on, exceptions of this type are retried as the strategy says."""
        exceptions("exception_type", exception_type)
        check_strategy(strategy)
        self.strategies[exception_type] = strategy

    def execute(
        self,
        target: Callable[_Arguments, _Result],
        /,
        *args: _Arguments.args,
        **kwargs: _Arguments.kwargs,
    ) -> _Result:
        """Calls the target with these arguments and retries it; with an `async def`, await it.

        Attempts are counted over all exceptions of the call, so each strategy's `max_attempts` is
        compared with their total. An exception without a strategy passes through.
        """
        strategies = dict(self.strategies)

        def waits() -> Generator[float, Any, None]:
            exception = yield 0.0
            for attempt in itertools.count(1):
                strategy = next(s for kind, s in strategies.items() if isinstance(exception, kind))
                if not strategy.should_retry(attempt, exception):
                    return
                exception = yield strategy.get_delay(attempt)

        return on_exception(waits, tuple(strategies), jitter=None)(target)(*args, **kwargs)


def _delay_after(attempt: int, waits: Iterator[float]) -> float:
    if attempt < 1:
        raise ValueError(f"attempt is {attempt}, but attempts are counted from 1")
    # the first item of a wait strategy is no wait, but its beginning
    return next(itertools.islice(waits, attempt, None))


def check_strategy(strategy: object) -> None:
    """Raises a TypeError where the value is no strategy."""
    if not isinstance(strategy, RetryStrategy):
        rule = "a strategy of rebackoff.strategies, such as FixedBackoff()"
        raise mistake(TypeError, "strategy", rule, strategy)


def _check_finite(
    name: str, value: float, rule: str = "a finite number of seconds, 0 or more", **least: bool
) -> None:
    if checked(name, value, rule, **least) == math.inf:
        raise mistake(ValueError, name, rule, value)
