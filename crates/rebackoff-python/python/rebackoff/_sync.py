"""The decorated functions that block.

Each is a plain function. Its fast path calls the target and does nothing else; where that fails,
`begin` starts a `Call` in Rust, which decides, tells the handlers and sleeps. It does so inside the
`except` block, which is left before the next try.

`time` and `datetime` are here for the programs that patch them here.
"""

import time

from rebackoff._common import _init_wait_gen, _maybe_call, _next_wait
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
    begin = run.begin

    if run.busy:

        def retry(*args, **kwargs):
            call = begin(args, kwargs)
            while True:
                call.trying()
                try:
                    value = target(*args, **kwargs)
                except exceptions as error:
                    if call.failed(error):
                        continue
                    if call.silent:
                        return None
                    raise
                call.succeeded(value)
                return value

        return retry

    timed = run.timed

    def retry(*args, **kwargs):
        start = clock() if timed else None
        try:
            return target(*args, **kwargs)
        except exceptions as error:
            call = begin(args, kwargs, start)
            if not call.failed(error):
                if call.silent:
                    return None
                raise
        while True:
            try:
                return target(*args, **kwargs)
            except exceptions as error:
                if not call.failed(error):
                    if call.silent:
                        return None
                    raise

    return retry


def _resume(call, attempt, target, exceptions, args, kwargs):
    """The same after a first try that was made in Rust; `attempt` raises its error."""
    while True:
        try:
            value = attempt(*args, **kwargs)
        except exceptions as error:
            if not call.failed(error):
                if call.silent:
                    return None
                raise
        else:
            call.succeeded(value)
            return value
        attempt = target
        call.trying()


def retry_predicate(run, target, predicate):
    """`target`, called again when it returns what the predicate refuses."""
    begin = run.begin

    if run.busy or run.timed:

        def retry(*args, **kwargs):
            call = begin(args, kwargs)
            while True:
                call.trying()
                value = target(*args, **kwargs)
                if not call.returned(value):
                    return value

        return retry

    def retry(*args, **kwargs):
        value = target(*args, **kwargs)
        if not predicate(value):
            return value
        call = begin(args, kwargs)
        again = call.refused(value)
        while again:
            value = target(*args, **kwargs)
            again = call.returned(value)
        return value

    return retry


def retry_context(run, exceptions, attempt_class):
    """Attempts, until one succeeds or it is time to give up."""
    call = run.begin((), {})
    while True:
        call.trying()
        attempt = attempt_class(exceptions)
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
