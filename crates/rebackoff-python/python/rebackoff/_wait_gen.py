"""The wait strategies.

Each function gives a configured generator: pass it to a decorator as it is, or pass the function
and its parameters as the decorator's own keywords. Every number of seconds may be a `timedelta`.

The engine's own strategies count in floats. Here whole numbers stay `int`, to the last digit, and
anything with arithmetic is a number; so the raw waits are written a second time, and the vectors of
`conformance/` hold both together. All of them saturate.
"""

from __future__ import annotations

from rebackoff._callables import is_async, is_one_of, misfit, refuses
from rebackoff._jitter import uniform
from rebackoff._mistakes import mistake
from rebackoff._on_demand import finder
from rebackoff._seconds import checked, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from datetime import timedelta
    from typing import Any

    Seconds = float | timedelta
    # not None: by that, type checkers know the strategies from generator functions of a program's own,
    # which take any keywords
    _Base = Generator[float, Any, object]

    class OriginalWaits(Generator[float, Any, None]):
        """The type of `Waits` under the name `backoff`, where programs annotate strategies as generators."""

else:
    _Base = object

_LARGEST = 1.7976931348623157e308
_E = 2.718281828459045
_NUMBERS = (float, int)
_PLAIN = {float, int, type(None)}
# as many retries as most calls make at most; a list is read faster than a generator is started
_FIRST = 8
_LARGEST_INT = int(_LARGEST)
_INFINITY = float("inf")


class Waits(_Base):
    """A configured wait strategy.

    Given to a decorator, it starts afresh on each call. Used by hand, it is a generator: the first
    `next` gives `None`, each later one a raw wait in seconds; `send` hands in the outcome.
    """

    __slots__ = ("_arguments", "_by_hand", "_parameters", "_raw", "_strategy")

    def __init__(self, name: str, parameters: dict[str, Any]) -> None:
        # by its name, as a program may have put its own function in the place of the strategy's
        self._strategy, self._raw = _KNOWN[name]
        self._parameters = parameters
        self._arguments = tuple(parameters.values())
        self._by_hand: Any = None

    @property
    def name(self) -> str:
        """The name of the strategy."""
        return self._strategy.__name__

    def parts(self) -> tuple[Callable[..., Waits], dict[str, Any]]:
        """The function that made it, and its parameters."""
        return self._strategy, self._parameters

    def known(self) -> tuple[Any, ...]:
        """The first raw waits, where each call has the same and working them out calls nothing of the caller's."""
        if self._raw is _decorrelated or not _PLAIN.issuperset(map(type, self._arguments)):
            return ()
        waits = self.start()
        return tuple(next(waits) for _ in range(1 + _FIRST))[1:]

    def start(self) -> Generator[Any, Any, None]:
        """The raw waits of one call, from the first: a fresh generator."""
        return self._raw(*self._arguments)

    def __iter__(self) -> Waits:
        return self

    def __next__(self) -> float:
        return self._generator().__next__()

    def send(self, outcome: Any) -> float:
        """Hands in the outcome of a try and gives the next raw wait."""
        return self._generator().send(outcome)

    def throw(self, error: Any, *rest: Any) -> float:
        """Ends the generator with the error."""
        return self._generator().throw(error, *rest)

    def close(self) -> None:
        """Ends the generator."""
        self._generator().close()

    def _generator(self) -> Any:
        if self._by_hand is None:
            self._by_hand = self.start()
        return self._by_hand

    def __repr__(self) -> str:
        parameters = ", ".join(f"{name}={value!r}" for name, value in self._parameters.items())
        return f"{self._strategy.__name__}({parameters})"

    def __eq__(self, other: object) -> bool:
        return self.parts() == other.parts() if isinstance(other, Waits) else NotImplemented

    def __hash__(self) -> int:
        # equal parameters may be a list, or numbers that are not written alike
        return hash(self.name)

    def __reduce__(self) -> tuple[Any, ...]:
        # one that is used by hand begins anew elsewhere
        return _again, (self._strategy, self._parameters)


def _again(strategy: Callable[..., Waits], parameters: dict[str, Any]) -> Waits:
    return strategy(**parameters)


def expo(base: float = 2, factor: Seconds = 1, max_value: Seconds | None = None) -> Waits:
    """Waits `factor * base ** n` seconds before retry n = 0, 1, 2 …, never more than `max_value`."""
    parameters = {"base": _number("base", base), "factor": _wait("factor", factor)}
    return Waits("expo", {**parameters, "max_value": _cap(max_value)})


def fibo(max_value: Seconds | None = None) -> Waits:
    """Waits 1, 1, 2, 3, 5, 8 … seconds, never more than `max_value`."""
    return Waits("fibo", {"max_value": _cap(max_value)})


def constant(interval: Seconds | Iterable[Seconds] = 1) -> Waits:
    """Waits `interval` seconds each time; where it is iterable, its items in turn, then gives up."""
    if isinstance(interval, (list, tuple, dict, set, frozenset)):
        waits = [_wait("an item of interval", item) for item in interval]
        if not all(isinstance(item, _NUMBERS) for item in interval):
            interval = waits
    elif isinstance(interval, (str, bytes, Waits)) or not hasattr(type(interval), "__iter__"):
        interval = _wait("interval", interval)
    return Waits("constant", {"interval": interval})


def linear(start: Seconds = 1, step: Seconds = 1, max_value: Seconds | None = None) -> Waits:
    """Waits `start + n * step` seconds before retry n = 0, 1, 2 …, never more than `max_value`."""
    parameters = {"start": _wait("start", start), "step": _wait("step", step)}
    return Waits("linear", {**parameters, "max_value": _cap(max_value)})


def decay(
    initial_value: Seconds = 1, decay_factor: float = 1, min_value: Seconds | None = None
) -> Waits:
    """Waits `initial_value * e ** (-n * decay_factor)` seconds before retry n = 0, 1, 2 …, never less than `min_value`."""
    return Waits(
        "decay",
        {
            "initial_value": float(_wait("initial_value", initial_value)),
            "decay_factor": float(_number("decay_factor", decay_factor)),
            "min_value": None if min_value is None else _wait("min_value", min_value),
        },
    )


def decorrelated(base: Seconds = 1, max_value: Seconds | None = 60) -> Waits:
    """Waits between `base` and three times the wait before, at random, never more than `max_value`.

    It is its own jitter: use it with `jitter=None`.
    """
    return Waits("decorrelated", {"base": _wait("base", base), "max_value": _cap(max_value)})


def runtime(*, value: Callable[[Any], Seconds | None]) -> Waits:
    """Waits what `value` says of the outcome (the returned value, or the error that was raised).

    It gives up where `value` says None.
    """
    rule = "a function of the outcome, which is not awaited"
    if not callable(value) or refuses(value, 1) or is_async(value) or is_one_of(value, STRATEGIES):
        raise mistake(TypeError, "value", rule, value)
    advice = misfit(value)
    if advice is not None:
        raise mistake(TypeError, "value", rule, value, advice)
    return Waits("runtime", {"value": value})


STRATEGIES = (expo, fibo, constant, linear, decay, decorrelated, runtime)


def _expo(base: Any, factor: Any, max_value: Any) -> Generator[Any, Any, None]:
    yield
    wait, n = _LARGEST, 0
    while True:
        try:
            following = factor * base**n
        except OverflowError:
            break
        if not following:
            # Zero stays zero, and further powers would grow without end.
            wait = following
            break
        if following > _LARGEST_INT if type(following) is int else following == _INFINITY:
            break
        wait = following
        if max_value is not None and not wait < max_value:
            break
        yield wait
        n += 1
    if max_value is not None and not wait < max_value:
        wait = max_value
    while True:
        yield wait


def _fibo(max_value: Any) -> Generator[Any, Any, None]:
    yield
    wait, following = 1, 1
    while max_value is None or wait < max_value:
        yield wait
        try:
            _finite(following)
        except OverflowError:
            continue
        wait, following = following, wait + following
    while True:
        yield max_value


def _constant(interval: Any) -> Generator[Any, Any, None]:
    yield
    waits = _iterator(interval)
    while waits is None:
        yield interval
    for wait in waits:
        yield wait


def _iterator(interval: Any) -> Any:
    try:
        return iter(interval)
    except TypeError:
        return None


def _linear(start: Any, step: Any, max_value: Any) -> Generator[Any, Any, None]:
    yield
    n = 0
    while True:
        wait = start + step * n
        if max_value is not None and not wait < max_value:
            break
        yield wait
        n += 1
    while True:
        yield max_value


def _decay(initial_value: float, decay_factor: float, min_value: Any) -> Generator[Any, Any, None]:
    yield
    wait = _LARGEST
    n = 0
    while True:
        try:
            now = _finite(initial_value * _E ** (-n * decay_factor))
        except OverflowError:
            break
        if min_value is not None and now <= min_value:
            wait = min_value
            break
        wait = now
        yield wait
        n += 1
    while True:
        yield wait


def _decorrelated(base: Any, max_value: Any) -> Generator[Any, Any, None]:
    yield
    wait = base
    while True:
        wait = uniform(base, wait * 3)
        if max_value is not None and not wait < max_value:
            wait = max_value
        yield wait


def _runtime(value: Callable[[Any], Any]) -> Generator[Any, Any, None]:
    outcome = yield
    while True:
        wait = value(outcome)
        if wait is None:
            return
        outcome = None  # an error in a frame is a reference cycle
        outcome = yield wait


# each strategy, and the function that starts its raw waits
_KNOWN: dict[str, tuple[Callable[..., Waits], Callable[..., Generator[Any, Any, None]]]] = {
    "expo": (expo, _expo),
    "fibo": (fibo, _fibo),
    "constant": (constant, _constant),
    "linear": (linear, _linear),
    "decay": (decay, _decay),
    "decorrelated": (decorrelated, _decorrelated),
    "runtime": (runtime, _runtime),
}


def _finite(wait: Any) -> Any:
    """`wait`; an OverflowError where a float cannot hold it."""
    if isinstance(wait, _NUMBERS) and (wait > _LARGEST or wait < -_LARGEST):
        raise OverflowError("wait too large")
    return wait


def _wait(name: str, value: Any) -> Any:
    """The seconds, of the class that they have."""
    return _checked(name, value, "a finite number of seconds, 0 or more, or a timedelta")


def _number(name: str, value: Any) -> Any:
    return _checked(name, value, "a finite number of at least 0")


def _cap(value: Any) -> Any:
    if value is None:
        return None
    checked("max_value", value, "a number of seconds, 0 or more, a timedelta, or None for no limit")
    return plain(value)


def _checked(name: str, value: Any, rule: str) -> Any:
    if checked(name, value, rule) == _INFINITY:
        raise mistake(ValueError, name, rule, value)
    return plain(value)


if not TYPE_CHECKING:
    __getattr__ = finder("_wait_gen")
