"""The decorators and retry contexts. Their options are those of the table in `_options`."""

from operator import not_
from types import FunctionType

from rebackoff import _async, _callables, _common, _contexts, _sync
from rebackoff._common import Attempt
from rebackoff._mistakes import mistake
from rebackoff._namespaces import watch
from rebackoff._on_demand import finder, original
from rebackoff._option_table import NAMES, OPTIONS
from rebackoff._options import Options
from rebackoff._wait_gen import expo

_common.decorator_names = globals()
watch(__name__)


def on_exception(wait_gen, exception, **options):
    """Decorates a function to be called again when it raises.

    Blocking functions, coroutine functions, generator functions (until their first item), methods,
    partials and callable objects can be decorated.

    Args:
        wait_gen: The seconds to wait: a generator function like `expo`, or a configured strategy
            like `expo(base=3)`.
        exception: The exception class, or classes, after which to try again. `BaseException` does
            not mean `KeyboardInterrupt`, `SystemExit`, `GeneratorExit`, a cancellation, a timeout of gevent
            or an outcome of pytest. Neither `Exception` nor `BaseException` means an error by which a task
            queue ends or repeats its task. These are retried only where they are named themselves.
    """
    options = Options("on_exception", exception, wait_gen, options)

    def decorate(target):
        return _decorated(options, target)

    return decorate


def on_predicate(wait_gen, predicate=not_, **options):
    """Decorates a function to be called again when it returns what `predicate` is true of.

    The last value is returned when it is time to give up.

    Args:
        wait_gen: The seconds to wait: a generator function like `expo`, or a configured strategy
            like `expo(base=3)`.
        predicate: Called with the value; the function is called again where it is true. Default: a
            false value is tried again.
    """
    options = Options("on_predicate", predicate, wait_gen, options)

    def decorate(target):
        return _decorated(options, target)

    return decorate


def retry_context(exception=Exception, wait_gen=expo, **options):
    """Gives attempts at a block of code, until one succeeds or it is time to give up.

        for attempt in rebackoff.retry_context(ConnectionError, rebackoff.expo, max_tries=5):
            with attempt:
                connect()

    An error of the block that is one of the exceptions stays in the attempt; the loop waits and
    goes on, or raises it. The details have no `target`, `args` and `kwargs`. A block that leaves the loop by `return` or
    `break` has succeeded for guards; `on_success` is not called.

    Args:
        exception: The exception class, or classes, after which to try again. Default: `Exception`.
        wait_gen: The seconds to wait: a generator function, or a configured strategy. Default: `expo`.
    """
    options = Options("retry_context", exception, wait_gen, options)
    options.refuse_async(None)
    return _contexts.Attempts(options, Attempt)


def aretry_context(exception=Exception, wait_gen=expo, **options):
    """Gives attempts as `retry_context`, for `async for`; handlers, `giveup` and `jitter` may be async.

        async for attempt in rebackoff.aretry_context(ConnectionError, rebackoff.expo):
            with attempt:
                await connect()

    Args:
        exception: The exception class, or classes, after which to try again. Default: `Exception`.
        wait_gen: The seconds to wait: a generator function, or a configured strategy. Default: `expo`.
    """
    options = Options("aretry_context", exception, wait_gen, options)
    return _contexts.AsyncAttempts(options, Attempt)


# what a program may have put here, which the private loops get at decoration
_PATCHED = {"_config_handlers", "_log_backoff", "_log_giveup", "_prepare_logger"}
_PARENTHESES = "a decorator without its parentheses gets the arguments of the call"


def _decorated(options, target):
    """The target, decorated by checked options."""
    import functools

    if type(target) is not FunctionType:
        if isinstance(target, (staticmethod, classmethod)):
            return type(target)(_decorated(options, target.__func__))
        if isinstance(target, property) and target.fget is not None:
            return target.getter(_decorated(options, target.fget))
        if isinstance(target, functools.partialmethod):
            function = _decorated(options, target.func)
            return functools.partialmethod(function, *target.args, **target.keywords)
        if not callable(target):
            advice = "decorate the function inside" if hasattr(target, "__get__") else _PARENTHESES
            raise mistake(TypeError, "a decorated target", "callable", target, f"; {advice}")

    build, is_async = _builder(options, target)
    if not is_async:
        options.refuse_async(target)
    loop = "retry_predicate" if options.by_predicate else "retry_exception"
    is_patched = not globals().keys().isdisjoint(_PATCHED)
    if is_patched or loop in vars(_async if is_async else _sync):
        return original("decorated")(options, target, is_async)
    called = target if options.timeout is None else _limited(target, options.timeout)
    function = functools.update_wrapper(build(options, called, options.trigger), target)
    if not hasattr(target, "__name__"):
        function.__name__ = function.__qualname__ = _callables.name_of(target)
    attributes = vars(function)
    for name, kind in (("retry_with", _RetryWith), ("outcome", _OutcomeOf)):
        # the target may have one of its own, as tenacity's functions have
        if name not in attributes or isinstance(attributes[name], _Anew):
            attributes[name] = kind(options, target)
    return function


class _Anew:
    """An attribute of a decorated function that decorates the target anew."""

    __slots__ = ("_options", "_target")

    def __init__(self, options, target):
        self._options = options
        self._target = target


class _RetryWith(_Anew):
    """Decorates the target anew, with these options in place of the earlier ones.

    It is an attribute of a function, so it does not have the object of a bound method:
    `rebackoff.retry_with(obj.method, …)` keeps the object.
    """

    __slots__ = ()

    def __call__(self, /, **options):
        return _decorated(self._options.with_options(options), self._target)


class _OutcomeOf(_Anew):
    """Calls the target as the decorated function does. Returns the `Outcome`, which is awaited for an async target.

    It is an attribute of a function, so it does not have the object of a bound method:
    `rebackoff.outcome(obj.method, …)` keeps the object.
    """

    __slots__ = ()

    def __call__(self, /, *args, **kwargs):
        from rebackoff._outcome import check_object

        check_object(self._target, args, kwargs)
        return self.of(args, kwargs)

    def of(self, args, kwargs):
        from rebackoff._outcome import watched

        return watched(_decorated, self._options, self._target, args, kwargs)


def _builder(options, target):
    """The builder of the decorated function, with the answer whether it is awaited."""
    if not options.by_predicate and _callables.is_any_generator(target):
        if _callables.is_async_generator(target):
            from rebackoff._generators import retry_async_generator

            return retry_async_generator, True
        from rebackoff._generators import retry_generator

        return retry_generator, False
    is_async = _callables.is_async(target)
    module = _async if is_async else _sync
    return (module.predicate_loop if options.by_predicate else module.exception_loop), is_async


def _limited(target, timeout):
    from rebackoff._timeouts import limited

    return limited(target, timeout)


__getattr__ = finder("_decorator")


class _Signed:
    """The attribute that `inspect.signature` follows; it is worked out when it is read."""

    def __init__(self, function):
        self._function = function

    def __call__(self, *args, **options):
        return self._function(*args, **options)

    @property
    def __signature__(self):
        import inspect

        function = inspect.signature(self._function, follow_wrapped=False)
        *named, _ = function.parameters.values()
        options = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=OPTIONS[name].default)
            for name in NAMES[self._function.__name__]
        ]
        keywords = inspect.Parameter("wait_gen_kwargs", inspect.Parameter.VAR_KEYWORD)
        return function.replace(parameters=[*named, *options, keywords])


def _documented(function):
    """The documentation with the options; None under `-OO`. CPython 3.13 takes the indentation away, earlier ones do not."""
    doc = function.__doc__
    if doc is None:
        return None
    margin = doc[: doc.index("Args:")].rpartition("\n")[2]
    options = [
        f"{margin}    {name}: {OPTIONS[name].meaning()}\n" for name in NAMES[function.__name__]
    ]
    return "".join(
        [
            doc.rstrip(" "),
            *options,
            f"{margin}    wait_gen_kwargs: The parameters of `wait_gen`, where it is a function.\n\n",
            f"{margin}`max_tries`, `max_time` and the parameters of `wait_gen` may be functions without parameters,\n",
            f"{margin}which are asked on each call.\n{margin}",
        ]
    )


for _function in (on_exception, on_predicate, retry_context, aretry_context):
    _function.__wrapped__ = _Signed(_function)
    _function.__doc__ = _documented(_function)
