"""Strategies with what many calls share: a circuit breaker, a budget for retries."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

from rebackoff import Breaker, Budget
from rebackoff._breaker import CircuitOpenError
from rebackoff._callables import is_async, is_awaitable, name_of
from rebackoff._checks import function
from rebackoff._mistakes import mistake, shown
from rebackoff.strategies._strategies import RetryStrategy, check_strategy, retry

if TYPE_CHECKING:
    from rebackoff._typing import Seconds

_Result = TypeVar("_Result")
_Arguments = ParamSpec("_Arguments")


def _made(make: Callable[..., Any], **parameters: tuple[str, Any]) -> Any:
    """A guard by parameters that have other names here, which its errors have as well."""
    try:
        return make(**{name: value for name, (_, value) in parameters.items()})
    except (TypeError, ValueError) as error:
        text = str(error)
        for name, (given, _) in parameters.items():
            if text.startswith(f"{name} "):
                text = given + text.removeprefix(name)
        raise type(error)(text) from None


class Answer(int):
    """True or False, at once or when it is awaited."""

    def __new__(cls, answer: object) -> Answer:
        return super().__new__(cls, bool(answer))

    def __await__(self) -> Generator[None, None, bool]:
        return bool(self)
        yield

    def __repr__(self) -> str:
        return repr(bool(self))


class CircuitBreaker:
    """Opens after `failure_threshold` failures in a row, and lets a probe through `timeout` seconds later.

    It is a `Breaker` (`breaker`), which has more to set: `CircuitBreaker(breaker=Breaker(…))`. Any
    number of calls, threads and event loops may share it.

    >>> circuit = CircuitBreaker(failure_threshold=2)
    >>> circuit.record_failure(), circuit.record_failure(), circuit.is_open
    (None, None, True)
    """

    def __init__(
        self,
        failure_threshold: int = 5,
        timeout: Seconds = 60,
        *,
        breaker: Breaker | None = None,
    ) -> None:
        if breaker is None:
            breaker = _made(
                Breaker,
                consecutive=("failure_threshold", failure_threshold),
                open_for=("timeout", timeout),
            )
        elif not isinstance(breaker, Breaker):
            raise mistake(TypeError, "breaker", "a rebackoff.Breaker", breaker)
        self.breaker = breaker

    @property
    def is_open(self) -> bool:
        """Returns whether a call would be rejected now."""
        try:
            self.breaker.check()
        except CircuitOpenError:
            return True
        return False

    def should_attempt(self) -> bool:
        """Returns whether a call would be admitted now."""
        return not self.is_open

    def record_success(self) -> None:
        """Records the success of a call made without this breaker. An open breaker ignores it."""
        self._record("success")

    def record_failure(self) -> None:
        """Records the failure of a call made without this breaker. An open breaker ignores it."""
        self._record("failure")

    def _record(self, health: str) -> None:
        if self.is_open:
            return
        try:
            self.breaker.admit().settle(health)
        except CircuitOpenError:
            pass  # it has opened since

    def __repr__(self) -> str:
        return f"CircuitBreaker(breaker={self.breaker!r})"


class RetryBudget:
    """Tokens for retries: `tokens_per_second` come in, at most `max_tokens` are there, as at first.

    It is `Budget.per_second` (`budget`). It takes no lock, so there is nothing to await. Any number
    of calls, threads and event loops may share it.

    >>> budget = RetryBudget(tokens_per_second=1, max_tokens=2)
    >>> [budget.acquire() for _ in range(3)]
    [True, True, False]
    """

    def __init__(self, tokens_per_second: float = 10, max_tokens: int = 100) -> None:
        self.tokens_per_second = tokens_per_second
        self.max_tokens = max_tokens
        self.budget: Budget = _made(
            Budget.per_second,
            rate=("tokens_per_second", tokens_per_second),
            capacity=("max_tokens", max_tokens),
        )

    @property
    def tokens(self) -> float:
        """The tokens that are there now."""
        return self.budget.tokens

    def acquire(self) -> Answer:
        """Takes a token for a retry. Returns whether there was one; the answer can be awaited, too."""
        return Answer(self.budget.withdraw() is not None)

    def __repr__(self) -> str:
        return f"RetryBudget({self.tokens_per_second!r}, {self.max_tokens!r})"


@dataclass(frozen=True)
class BudgetedRetry(RetryStrategy):
    """`strategy`, as long as `budget` pays for its retries.

    With `retry` and `SmartRetry` the budget is asked last, when nothing else refuses the retry; a
    refusal gives up with the reason `budget`, and the target's own exception comes back.

    >>> from rebackoff.strategies import ExponentialBackoff
    >>> @retry(BudgetedRetry(ExponentialBackoff(max_attempts=5), RetryBudget(max_tokens=20)))
    ... def fetch(url): ...
    """

    strategy: RetryStrategy
    budget: RetryBudget
    max_attempts: int = field(init=False, repr=False)
    max_delay: float = field(init=False, repr=False)
    exceptions: type[Exception] | tuple[type[Exception], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        check_strategy(self.strategy)
        if not isinstance(self.budget, RetryBudget):
            raise mistake(TypeError, "budget", "a RetryBudget", self.budget)
        for name in ("max_attempts", "max_delay", "exceptions"):
            object.__setattr__(self, name, getattr(self.strategy, name))

    # an answer is a bool that can be awaited
    def should_retry(  # type: ignore[override]
        self, attempt: int, exception: BaseException
    ) -> Answer:
        """Returns whether another attempt may follow; a yes has taken a token. It can be awaited, too."""
        allowed = self.strategy.should_retry(attempt, exception)
        return Answer(allowed and self.budget.acquire())

    def get_delay(self, attempt: int) -> float:
        return self.strategy.get_delay(attempt)

    def options(self) -> dict[str, Any]:
        return {**self.strategy.options(), "budget": self.budget.budget}

    def waits(self) -> Generator[float, Any, None]:
        # without a token: the engine takes one when it has decided to retry
        return self.strategy.waits()


class SmartRetry:
    """Runs targets by a strategy and a circuit breaker, and calls the hooks with what becomes of them.

    The breaker is asked before each attempt. While it is open, the target is not called:
    `CircuitOpenError` is raised, which counts as no failure and is not retried. When it opens in
    the midst of a call, that gives up with the target's own exception. Exceptions that the strategy
    does not retry say nothing of the target's health.

    The hooks may also be methods of a subclass, and async where the target is:

    - on_retry(error, attempt, delay): the attempt failed, and another follows after the delay
    - on_failure(error, attempts, elapsed): the last attempt failed, so many seconds after the first began
    - on_success(attempts, elapsed): an attempt succeeded

    Args:
        strategy: When to retry, and after how long.
        circuit_breaker: One that other calls may share: a `CircuitBreaker`, a `Breaker`, or any object with
            `is_open`, `record_success()` and `record_failure()`. Default: none.
        on_retry, on_failure, on_success: Functions to notify. Default: none.

    >>> from rebackoff.strategies import ExponentialBackoff
    >>> SmartRetry(ExponentialBackoff(), CircuitBreaker()).execute(pow, 2, 10)
    1024
    """

    def __init__(
        self,
        strategy: RetryStrategy,
        circuit_breaker: CircuitBreaker | Breaker | OwnBreaker | None = None,
        on_retry: Callable[[BaseException, int, float], object] | None = None,
        on_failure: Callable[[BaseException, int, float], object] | None = None,
        on_success: Callable[[int, float], object] | None = None,
    ) -> None:
        check_strategy(strategy)
        if not isinstance(circuit_breaker, Breaker | CircuitBreaker | None):
            _check_breaker(circuit_breaker)
        self.strategy = strategy
        self.circuit_breaker = circuit_breaker
        hooks = {"on_retry": on_retry, "on_failure": on_failure, "on_success": on_success}
        for name, hook in hooks.items():
            if hook is not None:
                setattr(self, name, _HOOKS[name](name, hook))

    def on_retry(self, error: BaseException, attempt: int, delay: float) -> object:
        """An attempt failed, and another follows."""

    def on_failure(self, error: BaseException, attempts: int, elapsed: float) -> object:
        """The last attempt failed."""

    def on_success(self, attempts: int, elapsed: float) -> object:
        """An attempt succeeded."""

    def execute(
        self,
        target: Callable[_Arguments, _Result],
        /,
        *args: _Arguments.args,
        **kwargs: _Arguments.kwargs,
    ) -> _Result:
        """Calls the target with these arguments and retries it; with an `async def`, await it.

        Raises:
            CircuitOpenError: The breaker is open, and the target was not called.
        """
        breaker = self.circuit_breaker
        if isinstance(breaker, CircuitBreaker):
            breaker = breaker.breaker
        guards: dict[str, Any] = {"breaker": breaker}
        if breaker is not None and not isinstance(breaker, Breaker):
            call = _OwnCall(breaker)
            target, guards = call.guarded(target), {"giveup": call.gives_up}
        retried = retry(
            self.strategy,
            **guards,
            on_backoff=_handler_of(self.on_retry, "exception", "tries", "wait"),
            on_giveup=_handler_of(self.on_failure, "exception", "tries", "elapsed"),
            on_success=_handler_of(self.on_success, "tries", "elapsed"),
        )
        return retried(target)(*args, **kwargs)


_OF_ERROR = function("a function of error, attempts and seconds", counts=(3,), awaited=True)
_HOOKS = {
    "on_retry": _OF_ERROR,
    "on_failure": _OF_ERROR,
    "on_success": function("a function of attempts and seconds", counts=(2,), awaited=True),
}


class OwnBreaker(Protocol):
    """A circuit breaker of the program's own."""

    @property
    def is_open(self) -> Any: ...
    def record_success(self) -> Any: ...
    def record_failure(self) -> Any: ...


def _check_breaker(breaker: object) -> None:
    missing = [name for name in _BREAKER if not hasattr(breaker, name)]
    if missing:
        raise TypeError(
            f"circuit_breaker must have {', '.join(_BREAKER)}, but {shown(breaker)} has no {', '.join(missing)}"
        )
    if is_async(getattr(type(breaker), "is_open", None)):
        raise TypeError(
            f"is_open of circuit_breaker must be a property, or a function that is not awaited: {shown(breaker)}"
        )


_BREAKER = ("is_open", "record_success", "record_failure")


class _OwnCall:
    """One call under a breaker of the program's own, which is asked before each attempt."""

    def __init__(self, breaker: OwnBreaker) -> None:
        self._breaker = breaker
        self._last: BaseException | None = None

    def _is_open(self) -> bool:
        answer = self._breaker.is_open
        return bool(answer() if callable(answer) else answer)

    def gives_up(self, error: BaseException) -> bool:
        return isinstance(error, CircuitOpenError) or self._is_open()

    def _ask(self) -> None:
        if self._is_open():
            error, self._last = self._last, None
            raise error or CircuitOpenError()

    def guarded(self, target: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(target)
        def attempt(*args: Any, **kwargs: Any) -> Any:
            self._ask()
            try:
                result = target(*args, **kwargs)
            except Exception as error:
                self._last = error
                self._breaker.record_failure()
                raise
            self._breaker.record_success()
            return result

        @wraps(target)
        async def async_attempt(*args: Any, **kwargs: Any) -> Any:
            self._ask()
            try:
                result = await target(*args, **kwargs)
            except Exception as error:
                self._last = error
                await _done(self._breaker.record_failure())
                raise
            await _done(self._breaker.record_success())
            return result

        if is_async(target):
            return async_attempt
        for name in ("record_success", "record_failure"):
            if is_async(getattr(self._breaker, name)):
                raise TypeError(
                    f"{name} of circuit_breaker is async, but {name_of(target)}() is not, so nothing would await it: {shown(self._breaker)}"
                )
        return attempt


async def _done(answer: Any) -> None:
    if is_awaitable(answer):
        await answer


def _handler_of(hook: Callable[..., Any], *names: str) -> Callable[[Mapping[str, Any]], Any]:
    """The hook as a handler of these details, async if the hook is. An open circuit is no failure to report."""

    def handler(details: Mapping[str, Any]) -> Any:
        return hook(*(details[name] for name in names)) if details["tries"] else None

    async def async_handler(details: Mapping[str, Any]) -> None:
        if details["tries"]:
            await handler(details)

    return async_handler if is_async(hook) else handler
