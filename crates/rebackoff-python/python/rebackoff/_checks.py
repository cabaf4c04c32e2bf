"""The checks of options: each takes the name and the value of an option, and gives what is kept."""

from __future__ import annotations

from types import FunctionType

from rebackoff import _null_handler
from rebackoff._callables import is_async, is_one_of, is_plain, misfit, refuses
from rebackoff._jitter import JITTERS
from rebackoff._mistakes import mistake, shown
from rebackoff._policy import Policy
from rebackoff._seconds import checked, number, whole
from rebackoff._wait_gen import STRATEGIES, Waits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_TRIES = "a whole number of at least 1, or None for no limit"
_TIME = "a number of seconds, a timedelta, or None for no limit"
_SECONDS = "a number of seconds, 0 or more, a timedelta, or None for no limit"
_MOST_HANDLERS = 1000
_MOST_TRIES = 2**64 - 1


def max_tries(name, value, *, is_answer=False):
    if type(value) is int and 0 < value <= _MOST_TRIES:
        return value
    if value is None or (_is_function(value) and not is_answer):
        return _called(name, value, _TRIES)
    count = whole(value)
    if count is None or count < 1:
        raise mistake(TypeError if count is None else ValueError, name, _TRIES, value)
    return min(count, _MOST_TRIES)


def max_time(name, value, *, is_answer=False):
    if value is None or (_is_function(value) and not is_answer):
        return _called(name, value, _TIME)
    # a negative limit is over at once, as comparing with it always was
    return checked(name, value, _TIME, least=float("-inf"))


def limit(name, value):
    return None if value is None else checked(name, value, _SECONDS)


def timeout(name, value):
    rule = "a number of seconds above 0, a timedelta, or None"
    seconds = None if value is None else checked(name, value, rule, above=True)
    return None if seconds == float("inf") else seconds


def share(name, value):
    if value is None:
        return None
    found = None if isinstance(value, bool) else number(value)
    if found is None or not 0 <= found <= 1:
        kind = TypeError if found is None else ValueError
        raise mistake(kind, name, "a share from 0 to 1", value)
    return found


def one_of(*words):
    def check(name, value):
        if isinstance(value, str) and value in words:
            return str.__str__(value)
        kind = ValueError if isinstance(value, str) else TypeError
        raise mistake(kind, name, " or ".join(map(repr, words)), value)

    return check


def function(
    rule: str, *, counts: tuple[int, ...] = (1,), awaited: bool = False, more: bool = False
) -> Callable[[str, Any], Any]:
    """The check of a function that is called with as many arguments as one of `counts`."""

    def check(name: str, value: Any) -> Any:
        if value is None:
            return None
        if not callable(value):
            raise mistake(TypeError, name, rule, value, _meant(name, value))
        _refuse_misfit(name, value, rule)
        if all(refuses(value, count) for count in counts) and not (more and _needs(value)):
            number = "one argument" if 1 in counts else f"{counts[0]} arguments"
            raise mistake(TypeError, name, rule, value, f", which cannot be called with {number}")
        if type(value) is not FunctionType:
            _check_partial(value)
        return value if awaited else never_awaited(name, value)

    return check


def _check_partial(value: Any) -> None:
    """Checks the keywords of a partial function that has a check of them."""
    check_options = getattr(getattr(value, "func", None), "check_options", None)
    if type(check_options) is FunctionType:  # a mock has every attribute
        check_options(**value.keywords)


def _is_function(value):
    """Returns whether each call evaluates the option. A class gives no number and no guard."""
    return callable(value) and not isinstance(value, type)


def _called(name, value, rule):
    """An option that each call evaluates."""
    if value is not None:
        _refuse_misfit(name, value, rule)
    return never_awaited(name, value)


def _refuse_misfit(name: str, function: Any, rule: str) -> None:
    """Raises where a callable cannot mean what the option calls."""
    if is_plain(function) and function.__name__ not in _NAMES:
        return
    advice = _meant(name, function) or misfit(function)
    if advice is not None:
        raise mistake(TypeError, name, rule, function, advice)


def _meant(name: str, value: Any) -> str:
    """Advice where a value is meant for another option, or another value is meant."""
    if type(value) is FunctionType or isinstance(value, Waits):
        if isinstance(value, Waits) or value in STRATEGIES:
            return "; a wait strategy is the parameter wait_gen"
        if value in JITTERS and name != "jitter":
            return "; a jitter is the parameter jitter"
        meant = _OPPOSITES.get((name, value.__name__))
        if meant is not None and value.__module__ == "rebackoff.http":
            return f"; did you mean rebackoff.http.{meant}?"
    elif name == "jitter" and isinstance(value, str) and value in ("full", "equal", "random"):
        return f"; did you mean rebackoff.{value}_jitter?"
    elif name == "giveup" and isinstance(value, type) and issubclass(value, BaseException):
        return f"; did you mean lambda error: isinstance(error, {value.__name__})?"
    return ""


_OPPOSITES = {("giveup", "is_transient"): "is_final", ("predicate", "is_final"): "is_transient"}
# the functions of ours that `_meant` knows
_NAMES = {function.__name__ for function in (*STRATEGIES, *JITTERS)} | {*_OPPOSITES.values()}


def _needs(function: Any) -> bool:
    """Returns whether the function needs two positional arguments or more."""
    return not any(not refuses(function, count) for count in (0, 1)) and any(
        not refuses(function, count) for count in range(2, 20)
    )


def signal(name, value):
    rule = "an event or another object with wait(timeout)"
    if isinstance(value, type):
        raise mistake(TypeError, name, rule, value, f"; did you mean {value.__name__}()?")
    wait = getattr(value, "wait", None)
    # a task asks `is_set` again and again, or `wait(0)`
    has_answer = not is_async(wait) or hasattr(value, "is_set")
    if value is not None and not (callable(wait) and has_answer):
        raise mistake(TypeError, name, rule, value)
    return value


def word(name, value):
    if value is not None and not (isinstance(value, str) and value):
        raise mistake(TypeError, name, "a text of one letter or more, or None", value)
    return value


_REFUSES = ", which cannot be called with one argument"


def condition(rule, **options):
    """The check of a function that cannot be left out."""
    check = function(rule, **options)

    def check_given(name, value):
        if value is None:
            raise mistake(TypeError, name, rule, value)
        return check(name, value)

    return check_given


def never_awaited(name: str, value: Any) -> Any:
    if value is not None and is_async(value):
        raise TypeError(f"{name} is async, but no driver awaits it: {shown(value)}")
    return value


def guard(kind):
    def check(name, value):
        if isinstance(value, type) and issubclass(value, getattr(guards_module(), kind)):
            raise not_a_guard(name, kind, value, f"; did you mean {value.__name__}()?")
        if value is None or _is_function(value):
            return _called(name, value, _guard_rule(kind))
        if isinstance(value, getattr(guards_module(), kind)):
            return value
        raise not_a_guard(name, kind, value)

    return check


def handlers(name, value):
    if value is None:
        return ()
    if callable(value):
        value = (value,)
    rule = "a function of the details, or several"
    handlers = []
    try:
        given = iter(() if isinstance(value, (str, bytes)) else value)
    except TypeError:
        given = None
    if given is None or isinstance(value, (str, bytes)):
        raise mistake(TypeError, name, rule, value)
    for handler in given:
        if not callable(handler):
            raise mistake(TypeError, name, rule, value, f", which has {shown(handler)}")
        _refuse_misfit(name, handler, rule)
        if refuses(handler, 1):
            raise mistake(TypeError, name, rule, handler, _REFUSES)
        if len(handlers) == _MOST_HANDLERS:
            raise mistake(ValueError, name, rule, value, f", which has more than {_MOST_HANDLERS}")
        handlers.append(handler)
    return tuple(handlers)


def logger(name, value):
    if value is None:
        return None
    if isinstance(value, str):
        logging = _null_handler.logging
        return str.__str__(value) if logging is None else logging.getLogger(value)
    if callable(getattr(value, "log", None)) and not isinstance(value, type):
        return value
    raise mistake(TypeError, name, "a logger, the name of one, or None", value)


def level(name, value):
    found = whole(value)
    if found is None:
        raise mistake(TypeError, name, "a whole number, such as logging.INFO", value)
    return found


def flag(name, value):
    if value is True or value is False:
        return value
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    raise mistake(TypeError, name, "True or False", value)


def exceptions(name: str, value: Any) -> Any:
    """A class, or a flat tuple of classes, for `except`."""
    found = _exceptions(value)
    if found is None:
        rule = "an exception class, or a tuple or list of them"
        raise mistake(TypeError, name, rule, value, _exceptions_meant(value))
    return found


def _exceptions(value: Any) -> Any:
    """The classes; None where there is another value."""
    if _is_error(value):
        return value
    found = tuple(_flattened(value))
    return found if isinstance(value, (tuple, list)) and all(map(_is_error, found)) else None


def _exceptions_meant(value: Any) -> str:
    if isinstance(value, BaseException):
        return f"; did you mean the class {type(value).__name__}?"
    if isinstance(value, Waits) or is_one_of(value, STRATEGIES):
        return "; a wait strategy is the parameter wait_gen"
    if callable(value) and not refuses(value, 0) and not isinstance(value, type):
        return "; did you mean to call it?"
    return ""


def policies(name, value):
    """A dict of exception classes and the policies that hold after such errors."""
    if value is None:
        return None
    rule = "a dict of exception classes and policies"
    if not isinstance(value, dict):
        raise mistake(TypeError, name, rule, value)
    for kind, policy in value.items():
        if _exceptions(kind) is None:
            which = f", which has the key {shown(kind)}{_exceptions_meant(kind)}"
            raise mistake(TypeError, name, rule, value, which)
        if not isinstance(policy, Policy):
            is_strategy = isinstance(policy, Waits) or is_one_of(policy, STRATEGIES)
            advice = "; did you mean Policy(…) of it?" if is_strategy else ""
            raise mistake(TypeError, name, rule, value, f", which has {shown(policy)}{advice}")
    return value


def _is_error(value: Any) -> bool:
    if type(value) is type or issubclass(type(value), type):
        return issubclass(value, BaseException)
    # tools that build documentation import modules with mocks in place of what they import
    is_mock = type(value).__module__ in ("unittest.mock", "mock", "mock.mock")
    return is_mock or getattr(value, "__sphinx_mock__", False) is True


def _flattened(value: Any) -> Iterator[Any]:
    if isinstance(value, (tuple, list)):
        for one in value:
            yield from _flattened(one)
    else:
        yield value


_loaded = []


def guards_module():
    """`rebackoff._guards`, imported where there is a guard."""
    if not _loaded:
        from rebackoff import _guards

        _loaded.append(_guards)
    return _loaded[0]


def guard_of(name, kind, guard, args, kwargs):
    """The guard of a call with these arguments."""
    if isinstance(guard, kind):
        return guard
    given = guard(*args, **kwargs)
    if given is None or isinstance(given, kind):
        return given
    raise not_a_guard(name, kind.__name__, given)


def not_a_guard(name, kind, value, advice=""):
    if hasattr(type(value), "__getitem__") and not isinstance(value, str):
        advice = "; choose one of them by the call's arguments, such as lambda host: guards[host]"
    return mistake(TypeError, name, _guard_rule(kind), value, advice)


def _guard_rule(kind):
    return f"a rebackoff.{kind}, or a function of the call's arguments that gives one"
