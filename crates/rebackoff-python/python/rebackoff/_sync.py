"""The decorated functions that block.

Each is a plain function. Its fast path calls the target and does nothing else, but for a clock that
is read and a scope that is set where the options need them. Where that fails, a `Call` gives the
steps between the tries. They are performed inside the `except` block, which is left before the next
try.

Programs patch `time`, `datetime` and the private functions here, and the calls use what they find.
"""

from __future__ import annotations

import time

from rebackoff import _clock, _instrumented, _scope
from rebackoff._call import Call
from rebackoff._common import _init_wait_gen, _maybe_call, _next_wait
from rebackoff._native import Scope
from rebackoff._on_demand import finder

__all__ = [
    "_init_wait_gen",
    "_maybe_call",
    "_next_wait",
    "attempts",
    "exception_loop",
    "predicate_loop",
    "time",
]

_clock.look_in(globals())


class SyncCall(Call):
    """A call whose steps are waits."""

    names = globals()


def exception_loop(options, target, exceptions):
    """`target`, called again when it raises one of the exceptions."""
    is_eager = options.is_eager
    if not is_eager and (options.is_timed or options.is_visible):
        return _timed_exception_loop(options, target, exceptions)

    def retry(*args, **kwargs):
        if is_eager or _instrumented.exporters:
            call = SyncCall(options, target, args, kwargs)
        else:
            try:
                return target(*args, **kwargs) if kwargs else target(*args)
            except exceptions as error:
                call = SyncCall(options, target, args, kwargs)
                for step in call.settle(error):
                    time.sleep(step)
                if not call.again:
                    if call.failure is not None:
                        raise call.take_failure()
                    if call.is_silent:
                        return None
                    raise
        try:
            while True:
                if not call.is_entered:
                    for step in call.begin():
                        pass
                try:
                    value = target(*args, **kwargs) if kwargs else target(*args)
                except exceptions as error:
                    for step in call.settle(error):
                        time.sleep(step)
                    if call.again:
                        continue
                    if call.failure is not None:
                        raise call.take_failure()
                    if call.is_silent:
                        return None
                    raise
                for step in call.succeed(value):
                    pass
                return value
        finally:
            call.end()

    return retry


def _timed_exception_loop(options, target, exceptions):
    """`exception_loop` with a clock, and with a scope where the inner calls are to see the call."""
    is_visible, max_time, on_success = options.is_visible, options.max_time, options.on_success

    def retry(*args, **kwargs):
        if _instrumented.exporters:
            call = SyncCall(options, target, args, kwargs)
        else:
            start = _clock.clock()
            call = outer = scope = None
            if is_visible:
                outer = _scope.variable.get()
                scope = Scope(outer, start, max_time)
                _scope.variable.set(scope)
            try:
                value = target(*args, **kwargs) if kwargs else target(*args)
            except exceptions as error:
                call = SyncCall(options, target, args, kwargs, start, outer, scope)
                for step in call.settle(error):
                    time.sleep(step)
                if not call.again:
                    if call.failure is not None:
                        raise call.take_failure()
                    if call.is_silent:
                        return None
                    raise
            finally:
                if call is not None:
                    call.leave()
                elif is_visible:
                    if _scope.variable.get() is scope:
                        _scope.variable.set(outer)
                    scope.end()
            if call is None:
                if on_success and "_call_handlers" in SyncCall.names:
                    SyncCall(options, target, args, kwargs, start).succeed(value)
                elif on_success:
                    details = {"target": target, "args": args, "kwargs": kwargs}
                    details["tries"], details["elapsed"] = 1, _clock.clock() - start
                    for handler in on_success:
                        handler(details)
                return value
        try:
            while True:
                if not call.is_entered:
                    for step in call.begin():
                        pass
                try:
                    value = target(*args, **kwargs) if kwargs else target(*args)
                except exceptions as error:
                    for step in call.settle(error):
                        time.sleep(step)
                    if call.again:
                        continue
                    if call.failure is not None:
                        raise call.take_failure()
                    if call.is_silent:
                        return None
                    raise
                for step in call.succeed(value):
                    pass
                return value
        finally:
            call.end()

    return retry


def predicate_loop(options, target, predicate):
    """`target`, called again when it returns what the predicate refuses."""
    is_eager, is_timed, is_visible = options.is_eager, options.is_timed, options.is_visible

    def retry(*args, **kwargs):
        call = outer = scope = None
        if is_eager or _instrumented.exporters:
            call = SyncCall(options, target, args, kwargs)
        else:
            start = _clock.clock() if is_timed else None
            if is_visible:
                outer = _scope.variable.get()
                scope = Scope(outer, start, options.max_time)
                _scope.variable.set(scope)
            try:
                value = target(*args, **kwargs) if kwargs else target(*args)
            finally:
                if is_visible:
                    _scope.leave(outer, scope)
            answer = predicate(value)
            if not answer:
                return value
            call = SyncCall(options, target, args, kwargs, start)
            for wait in call.settle(value, answer):
                time.sleep(wait)
            if call.failure is not None:
                raise call.take_failure()
            if not call.again:
                return value
        try:
            while True:
                for _ in call.begin():
                    pass
                value = target(*args, **kwargs) if kwargs else target(*args)
                call.leave()
                for wait in call.settle(value, predicate(value)):
                    time.sleep(wait)
                if call.failure is not None:
                    raise call.take_failure()
                if not call.again:
                    return value
        finally:
            call.end()

    return retry


def attempts(options, attempt_class):
    """Attempts, until one succeeds or it is time to give up."""
    call = SyncCall(options, None, (), {})
    try:
        while True:
            for _ in call.begin():
                pass
            attempt = attempt_class(options.trigger, call)
            yield attempt
            error = attempt.exception
            if error is None:
                for _ in call.succeed(None):
                    pass
                return
            try:
                for wait in call.settle(error):
                    time.sleep(wait)
                if call.again:
                    attempt.next_wait = call.next_wait
                    continue
                if call.failure is not None:
                    raise call.take_failure()
                if call.is_silent:
                    return
                attempt.exception = None
                raise error
            finally:
                del error
    finally:
        call.end()


__getattr__ = finder("_sync")
