"""Facts about a callable, without calling it and without importing `inspect`."""

from __future__ import annotations

import sys
from types import FunctionType, MethodType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# inspect.CO_…; `types.coroutine` marks generator functions that are awaited
_GENERATOR, _COROUTINE, _AWAITED_GENERATOR, _ASYNC_GENERATOR = 0x20, 0x80, 0x100, 0x200
_ANY_GENERATOR = _GENERATOR | _AWAITED_GENERATOR | _ASYNC_GENERATOR
_VARIADIC = 0x04


def is_async(function: object) -> bool:
    """Returns whether calling `function` gives a coroutine: `async def`, a partial or a method of one, an async `__call__`."""
    function = _unwrapped(function)
    if _flags(function) & (_COROUTINE | _AWAITED_GENERATOR):
        return True
    is_plain = type(function) is FunctionType
    if is_plain and not function.__dict__:
        return False  # a mark is an attribute
    if _is_marked(function):
        return True
    if is_plain:
        return False
    call = _unwrapped(getattr(type(function), "__call__", None))
    return bool(_flags(call) & _COROUTINE) or _is_marked(call)


def is_any_generator(function: object) -> bool:
    """Returns whether calling `function` gives a generator or an async generator."""
    return is_generator(function) or is_async_generator(function)


def is_generator(function: object) -> bool:
    """Returns whether calling `function` gives a generator."""
    return _called_flags(function) & (_GENERATOR | _AWAITED_GENERATOR) == _GENERATOR


def is_async_generator(function: object) -> bool:
    """Returns whether calling `function` gives an async generator."""
    return bool(_called_flags(function) & _ASYNC_GENERATOR)


def is_awaitable(result: object) -> bool:
    """Returns whether a result has to be awaited. Tasks and futures run by themselves; a coroutine does not."""
    kind = type(result)
    return hasattr(kind, "__await__") and hasattr(kind, "send")


def takes(function, arguments):
    """Returns whether `function` can be called with so many positional arguments; False where it does not say."""
    import inspect

    try:
        inspect.signature(function).bind(*range(arguments))
    except (TypeError, ValueError):
        return False
    return True


def refuses(function: Any, count: int) -> bool:
    """Returns whether `function` certainly cannot be called with `count` positional arguments."""
    if type(function) is not FunctionType:
        function, count = _counted(function, count)
        if function is object:
            return count > 0
    if type(function) is not FunctionType or hasattr(function, "__wrapped__"):
        return False
    code, is_variadic = function.__code__, function.__code__.co_flags & _VARIADIC
    if code.co_argcount - len(function.__defaults__ or ()) > count:
        return True
    if code.co_argcount < count and not is_variadic:
        return True
    keywords = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    return not set(keywords) <= set(function.__kwdefaults__ or ())


def _counted(function: Any, count: int) -> tuple[Any, int]:
    """The function behind a callable, with the number of its arguments; `object` for a class that takes none."""
    functools = sys.modules.get("functools")
    while type(function) is not FunctionType:
        kind = type(function)
        if kind is MethodType:
            function, count = function.__func__, count + 1
        elif kind is staticmethod:
            function = function.__func__
        elif functools is not None and kind is functools.partial and not function.keywords:
            function, count = function.func, count + len(function.args)
        elif kind is type and function.__new__ is object.__new__:
            if function.__init__ is object.__init__:
                return object, count
            function, count = function.__init__, count + 1
        elif type(getattr(kind, "__call__", None)) is FunctionType:
            function, count = kind.__call__, count + 1
        else:
            break
    return function, count


def may_take(function: Any, count: int) -> bool:
    """Returns whether `function` may be a function of `count` arguments that is not awaited."""
    if not callable(function) or is_async(function) or misfit(function) is not None:
        return False
    return not refuses(function, count)


def is_one_of(function: object, known: Any) -> bool:
    """Returns whether `function` is one of the known functions, whatever `==` of another callable says."""
    return type(function) is FunctionType and function in known


def is_plain(function: object) -> bool:
    """Returns whether `function` is a function in Python, and no generator function."""
    return type(function) is FunctionType and not function.__code__.co_flags & _ANY_GENERATOR


def misfit(function: Any) -> str | None:
    """Advice where a callable cannot mean the function that an option asks for; None where it may."""
    if is_any_generator(function):
        return ", a generator function, which would not run"
    if isinstance(function, type):
        if any("__call__" in vars(kind) for kind in function.__mro__):
            return f"; did you mean {function.__name__}()?"
        if issubclass(function, BaseException) or function.__module__.startswith("rebackoff."):
            return ""
    return None


def name_of(function: object) -> str:
    """The name of `function` for log records: partials and callable objects have none of their own."""
    name = getattr(_unwrapped(function), "__name__", None)
    return name if isinstance(name, str) else type(function).__name__


def is_cancellation(error, narrow):
    """Returns whether `error` ends the program or the task, and none of the classes in `narrow` means it.

    Where `narrow` admits errors by itself (`rebackoff.http.errors`), whether it does not admit this one.
    """
    admits = getattr(narrow, "admits", None)
    if admits is not None:
        return not admits(error)
    return isinstance(error, _cancellations()) and not isinstance(error, narrow)


def _cancellations():
    kinds = [KeyboardInterrupt, SystemExit, GeneratorExit]
    for module, name in _CANCELLATIONS:
        kind = getattr(sys.modules.get(module), name, None)
        if isinstance(kind, type):
            kinds.append(kind)
    return tuple(kinds)


def is_control_flow(error, narrow):
    """Returns whether a task queue ends or repeats its task by `error`, and no class in `narrow` means it."""
    if type(error).__module__ == "builtins" or sys.modules.keys().isdisjoint(_QUEUES):
        return False
    return is_cancellation(error, narrow)


_QUEUES = ("celery", "billiard", "rq", "arq", "dramatiq", "huey", "procrastinate")
_CANCELLATIONS = (
    ("asyncio.exceptions", "CancelledError"),
    ("trio", "Cancelled"),
    ("greenlet", "GreenletExit"),
    ("gevent.timeout", "Timeout"),
    ("eventlet.timeout", "Timeout"),
    ("celery.exceptions", "TaskPredicate"),
    ("billiard.exceptions", "SoftTimeLimitExceeded"),
    ("rq.exceptions", "StopRequested"),
    ("rq.exceptions", "ShutDownImminentException"),
    ("rq.worker", "StopRequested"),
    ("rq.timeouts", "BaseTimeoutException"),
    ("arq.worker", "Retry"),
    ("arq.worker", "RetryJob"),
    ("dramatiq.errors", "Retry"),
    ("dramatiq.middleware.threading", "Interrupt"),
    ("huey.exceptions", "CancelExecution"),
    ("huey.exceptions", "RetryTask"),
    ("procrastinate.exceptions", "JobRetry"),
    ("procrastinate.exceptions", "JobAborted"),
    ("_pytest.outcomes", "OutcomeException"),
)


def _unwrapped(function):
    if type(function) is FunctionType:
        return function
    functools = sys.modules.get("functools")
    while True:
        if type(function) is MethodType:
            function = function.__func__
        elif functools is not None and isinstance(function, functools.partial):
            function = function.func
        else:
            return function


def _called_flags(function):
    """The flags of the function that is called: of an object, its `__call__`."""
    function = _unwrapped(function)
    return _flags(function) or _flags(_unwrapped(getattr(type(function), "__call__", None)))


def _flags(function):
    if type(function) is FunctionType:
        return function.__code__.co_flags
    flags = getattr(getattr(function, "__code__", None), "co_flags", 0)
    return flags if isinstance(flags, int) else 0


def _is_marked(function):
    """Returns whether the function is marked as a coroutine function, as `inspect` and `asyncio` mark them."""
    marks = (
        ("inspect", "_is_coroutine_mark", "_is_coroutine_marker"),
        ("inspect", "_is_coroutine_marker", "_is_coroutine_marker"),  # CPython 3.12
        ("asyncio.coroutines", "_is_coroutine", "_is_coroutine"),
    )
    for module, name, attribute in marks:
        mark = getattr(sys.modules.get(module), name, None)
        if mark is not None and getattr(function, attribute, None) is mark:
            return True
    return False
