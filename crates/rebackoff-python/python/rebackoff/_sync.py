"""The decorated functions that block.

Each is a plain function. Its fast path calls the target and does nothing else; where that fails,
`begin` starts a `Call` in Rust, which decides, tells the handlers and sleeps. It does so inside the
`except` block, which is left before the next try. An empty `kwargs` is not passed on: that would
copy it.

`time` and `datetime` are here for the programs that patch them here.
"""

import time

from rebackoff._common import _init_wait_gen, _maybe_call, _next_wait
from rebackoff._instrumented import exporters
from rebackoff._native import clock

__all__ = [
    "_init_wait_gen",
    "_maybe_call",
    "_next_wait",
    "retry_exception",
    "retry_predicate",
    "time",
]


def retry_exception(run, target, exceptions):
    """`target`, called again when it raises one of the exceptions."""
    if run.busy:
        return retry_exception_told(run, target, exceptions)
    told, begin, timed = retry_exception_told(run, target, exceptions), run.begin, run.timed

    def retry(*args, **kwargs):
        if exporters:
            call = False  # `told` is the call that the inner ones see
            return told(*args, **kwargs)
        start = clock() if timed else None
        try:
            return target(*args, **kwargs) if kwargs else target(*args)
        except exceptions as error:
            call = begin(args, kwargs, start)
            if not call.failed(error):
                if call.silent:
                    return None
                raise
        while True:
            try:
                return target(*args, **kwargs) if kwargs else target(*args)
            except exceptions as error:
                if not call.failed(error):
                    if call.silent:
                        return None
                    raise

    return retry


def retry_exception_told(run, target, exceptions):
    """The same where somebody wants to be told of tries and successes."""
    begin = run.begin

    def retry(*args, **kwargs):
        call = begin(args, kwargs)
        while True:
            call.trying()
            try:
                value = target(*args, **kwargs) if kwargs else target(*args)
            except exceptions as error:
                if call.failed(error):
                    continue
                if call.silent:
                    return None
                raise
            except BaseException:
                call.lost()
                raise
            call.succeeded(value)
            return value

    return retry


def retry_predicate(run, target, predicate):
    """`target`, called again when it returns what the predicate refuses."""
    if run.busy or run.timed:
        return retry_predicate_told(run, target)
    told, begin = retry_predicate_told(run, target), run.begin

    def retry(*args, **kwargs):
        if exporters:
            call = False  # `told` is the call that the inner ones see
            return told(*args, **kwargs)
        value = target(*args, **kwargs) if kwargs else target(*args)
        if not predicate(value):
            return value
        call = begin(args, kwargs)
        again = call.refused(value)
        while again:
            value = target(*args, **kwargs) if kwargs else target(*args)
            again = call.returned(value)
        return value

    return retry


def retry_predicate_told(run, target):
    """The same where somebody wants to be told of tries and successes."""
    begin = run.begin

    def retry(*args, **kwargs):
        call = begin(args, kwargs)
        while True:
            call.trying()
            try:
                value = target(*args, **kwargs) if kwargs else target(*args)
            except BaseException:
                call.lost()
                raise
            if not call.returned(value):
                return value

    return retry


def retry_context(run, exceptions, attempt_class):
    """Attempts, until one succeeds or it is time to give up."""
    call = run.begin((), {})
    while True:
        call.trying()
        attempt = attempt_class(exceptions, call)
        yield attempt
        error = attempt.exception
        if error is None:
            call.succeeded(None)
            return
        try:
            if call.failed(error):
                continue
            if call.silent:
                return
            attempt.exception = None
            raise error
        finally:
            del error


def __getattr__(name):
    if name in ("datetime", "functools"):
        import importlib

        return importlib.import_module(name)
    if name == "timedelta":
        from datetime import timedelta

        return timedelta
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
