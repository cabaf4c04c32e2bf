"""The private functions of backoff 2.2.1 and python-backoff 3.0.0 that this package has no use for.

Programs import them, call them and patch them. Where the originals differ, the form of 2.2.1 works,
and what 3.0.0 adds is optional.
"""

from __future__ import annotations

import functools
import inspect
from importlib import import_module

from rebackoff import _async, _common, _decorator, _sync
from rebackoff._common import Attempt, _config_handlers, _init_wait_gen, _maybe_call, _next_wait
from rebackoff._option_table import NAMES
from rebackoff._options import Options

# The private retry loops


def _loop(is_async, by_predicate):
    module = _async if is_async else _sync

    def retried(target, trigger, wait_gen, keywords, options):
        decorator = "on_predicate" if by_predicate else "on_exception"
        options = _without_records(decorator, trigger, wait_gen, keywords, options)
        loop = module.predicate_loop if by_predicate else module.exception_loop
        return functools.wraps(target)(loop(options, target, options.trigger))

    if by_predicate:

        def retry(target, wait_gen, predicate, *, wait_gen_kwargs=None, **options):
            return retried(target, predicate, wait_gen, wait_gen_kwargs, options)
    else:

        def retry(target, wait_gen, exception, *, wait_gen_kwargs=None, **options):
            return retried(target, exception, wait_gen, wait_gen_kwargs, options)

    retry.__name__ = retry.__qualname__ = "retry_predicate" if by_predicate else "retry_exception"
    retry.__module__ = module.__name__
    return retry


def _without_records(decorator, trigger, wait_gen, keywords, given):
    """The options of a private loop, whose handlers include those that log."""
    known = NAMES[decorator]
    for name in given:
        if name not in known:
            raise TypeError(f"retry loops have no option {name!r}; there are {', '.join(known)}")
    return Options(decorator, trigger, wait_gen, {**(keywords or {}), **given, "logger": None})


def retry_context(exception, wait_gen, *, wait_gen_kwargs=None, **options):
    """Gives attempts; the handlers include those that log."""
    options = _without_records("retry_context", exception, wait_gen, wait_gen_kwargs, options)
    return _sync.attempts(options, Attempt)


def aretry_context(exception, wait_gen, *, wait_gen_kwargs=None, **options):
    """Gives attempts for `async for`; the handlers include those that log."""
    options = _without_records("aretry_context", exception, wait_gen, wait_gen_kwargs, options)
    return _async.attempts(options, Attempt)


class _RetryState:
    """The tries of one call, for a loop that a program writes by hand."""

    __slots__ = ("elapsed", "max_time", "max_tries", "start", "tries", "wait")

    def __init__(self, wait_gen, wait_gen_kwargs, *, max_tries=None, max_time=None):
        self.tries = 0
        self.elapsed = 0
        self.start = _common.time.monotonic()
        self.max_tries = _maybe_call(max_tries)
        self.max_time = _maybe_call(max_time)
        self.wait = _init_wait_gen(wait_gen, wait_gen_kwargs)

    def start_attempt(self):
        self.tries += 1

    def record_elapsed(self):
        self.elapsed = _common.time.monotonic() - self.start
        return self.elapsed

    def exhausted(self):
        is_late = self.max_time is not None and self.elapsed >= self.max_time
        return self.tries == self.max_tries or is_late

    def next_wait(self, send_value, jitter):
        return _next_wait(self.wait, send_value, jitter, self.elapsed, self.max_time)


# Handlers


def _call_handlers(hdlrs, target, args, kwargs, tries, elapsed, **extra):
    details = {"target": target, "args": args, "kwargs": kwargs, "tries": tries, "elapsed": elapsed}
    for handler in hdlrs:
        handler({**details, **extra})


async def _await_handlers(handlers, *, target, args, kwargs, tries, elapsed, **extra):
    details = {"target": target, "args": args, "kwargs": kwargs, "tries": tries, "elapsed": elapsed}
    for handler in handlers:
        await handler({**details, **extra})


def _dispatch_handlers(handlers, **details):
    for handler in handlers:
        handler(details)


async def _await_dispatched(handlers, **details):
    for handler in _ensure_coroutines(handlers):
        await handler(details)


def _adapt_context_handlers(handlers, target, args, kwargs):
    def adapted(details):
        for handler in handlers:
            handler({"target": target, "args": args, "kwargs": kwargs, **details})

    return [adapted]


def _adapt_awaited_handlers(handlers, target, args, kwargs):
    async def adapted(details):
        for handler in handlers:
            await handler({"target": target, "args": args, "kwargs": kwargs, **details})

    return [adapted]


def _ensure_coroutine(coro_or_func):
    if inspect.iscoroutinefunction(coro_or_func):
        return coro_or_func

    @functools.wraps(coro_or_func)
    async def f(*args, **kwargs):
        return coro_or_func(*args, **kwargs)

    return f


def _ensure_coroutines(coros_or_funcs):
    return [_ensure_coroutine(one) for one in coros_or_funcs]


OWN = {
    "Attempt": Attempt,
    "_RetryState": _RetryState,
    "_HandlerT": import_module("typing").TypeVar("_HandlerT"),
    "annotations": annotations,
    "full_jitter": _decorator.OPTIONS["jitter"].default,
    "_AsyncHandler": import_module("collections.abc").Callable,
    "_ensure_coroutine": _ensure_coroutine,
    "_ensure_coroutines": _ensure_coroutines,
    "_dispatch_handlers": _dispatch_handlers,
    "aretry_context": aretry_context,
    "retry_context": retry_context,
    ("_sync", "_call_handlers"): _call_handlers,
    ("_async", "_call_handlers"): _await_handlers,
    ("_async", "_dispatch_handlers"): _await_dispatched,
    ("_sync", "_adapt_context_handlers"): _adapt_context_handlers,
    ("_async", "_adapt_context_handlers"): _adapt_awaited_handlers,
    ("_sync", "retry_exception"): _loop(False, False),
    ("_sync", "retry_predicate"): _loop(False, True),
    ("_async", "retry_exception"): _loop(True, False),
    ("_async", "retry_predicate"): _loop(True, True),
}


# What a program has put in the place of a private name


def decorated(options, target, is_async):
    """The target, decorated by the private loop, or by what a program has put in its place."""
    module = _async if is_async else _sync
    retry = getattr(module, "retry_predicate" if options.by_predicate else "retry_exception")
    waits, keywords = options.given_waits()
    more = {}
    if not options.by_predicate:
        more = {"giveup": options.giveup, "raise_on_giveup": options.raise_on_giveup}
    return retry(
        target,
        waits,
        options.trigger,
        max_tries=options.max_tries,
        max_time=options.max_time,
        jitter=options.jitter,
        **{event: handlers(options, event) for event in ("on_success", "on_backoff", "on_giveup")},
        wait_gen_kwargs=keywords,
        **more,
    )


def handlers(options, event):
    """The handlers of an event with that which logs, as the private functions take them."""
    given = getattr(options, event)
    configure = vars(_decorator).get("_config_handlers", _config_handlers)
    if event not in ("on_backoff", "on_giveup"):
        return configure(given)
    word = event[len("on_") :]
    logger = options.logger
    return configure(
        given,
        default_handler=_common.patched(f"_log_{word}"),
        logger=None if logger is None else _common.patched("_prepare_logger")(logger),
        log_level=getattr(options, f"{word}_log_level"),
    )


def notifier(call, event):
    """A handler that hands the handlers to what a program has put in the place of a private function."""
    name = "_dispatch_handlers" if call.target is None else "_call_handlers"
    module = "_async" if call.awaits else "_sync"
    own = OWN[module, name] if (module, name) in OWN else OWN[name]
    call_handlers = call.names.get(name, own)
    given = handlers(call.options, event)
    if call.awaits:
        given = _ensure_coroutines(given)
    return lambda details: call_handlers(given, **details)
