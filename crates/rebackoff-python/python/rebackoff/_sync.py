"""The decorated functions that block.

Each is a plain function. Its fast path calls the target and does nothing else, but for a clock that
is read, guards that are asked and a scope that is set where the options need them. Where that fails,
a `Call` gives the steps between the tries. They are performed inside the `except` block, which is left before the next
try.

Programs patch `time`, `datetime` and the private functions here, and the calls use what they find.
"""

from __future__ import annotations

import time

from rebackoff import _native
from rebackoff._call import Call, end
from rebackoff._clock import clock, look_in, now
from rebackoff._common import _init_wait_gen, _maybe_call, _next_wait
from rebackoff._namespaces import watch
from rebackoff._on_demand import finder
from rebackoff._scope import START, TRIES, enter
from rebackoff._switches import switches

__all__ = [
    "_init_wait_gen",
    "_maybe_call",
    "_next_wait",
    "attempts",
    "exception_loop",
    "predicate_loop",
    "time",
]

look_in(__name__)
watch(__name__)


class SyncCall(Call):
    """A call whose steps are waits."""

    __slots__ = ()

    names = globals()


def exception_loop(options, target, exceptions):
    """`target`, called again when it raises one of the exceptions."""
    if options.is_watched:
        return _watched_exception_loop(options, target, exceptions)
    if options.is_timed or options.is_visible:
        return _limited_exception_loop(options, target, exceptions)

    def retry(*args, **kwargs):
        call = scope = None
        try:
            if switches.is_instrumented:
                if switches.is_early or switches.is_patched:
                    call = SyncCall().of(options, target, args, kwargs)
                    for _ in call.begin():
                        pass
                else:
                    scope = [None, clock(), None, 1]
                    enter(scope)
            while True:
                try:
                    value = target(*args, **kwargs) if kwargs else target(*args)
                except exceptions as error:
                    if call is None:
                        call = SyncCall().of(
                            options, target, args, kwargs, scope and scope[START], scope
                        )
                    wait = call.retry_in(error)
                    if wait is not None:
                        time.sleep(wait)
                        continue
                    for wait in call.settle(error):
                        time.sleep(wait)
                    if call.failure is not None:
                        raise call.take_failure()
                    if call.is_silent:
                        call.end()
                        return None
                    if not call.again:
                        raise
                else:
                    if call is not None:
                        for _ in call.succeed(value):
                            pass
                        call.end()
                    elif scope is not None:
                        scope[TRIES] = None
                        switches.export_success(options, target, scope[START])
                    return value
                for _ in call.begin():
                    pass
        except BaseException:
            end(call, scope)
            raise

    return retry


def _limited_exception_loop(options, target, exceptions):
    """`exception_loop` with a clock, and with a scope where the inner calls are to see the call."""
    is_visible, max_time = options.is_visible, options.max_time

    def retry(*args, **kwargs):
        call = start = scope = None
        is_exported = switches.is_instrumented
        try:
            if is_exported and (switches.is_early or switches.is_patched):
                call = SyncCall().of(options, target, args, kwargs)
                for _ in call.begin():
                    pass
            else:
                start = clock()
                if is_visible or is_exported:
                    scope = [None, start, max_time, 1]
                    enter(scope)
            while True:
                try:
                    value = target(*args, **kwargs) if kwargs else target(*args)
                except exceptions as error:
                    if call is None:
                        call = SyncCall().of(options, target, args, kwargs, start, scope)
                    wait = call.retry_in(error)
                    if wait is not None:
                        time.sleep(wait)
                        continue
                    for wait in call.settle(error):
                        time.sleep(wait)
                    if call.failure is not None:
                        raise call.take_failure()
                    if call.is_silent:
                        call.end()
                        return None
                    if not call.again:
                        raise
                else:
                    if call is not None:
                        for _ in call.succeed(value):
                            pass
                        call.end()
                    elif scope is not None:
                        scope[TRIES] = None
                        if is_exported:
                            switches.export_success(options, target, start)
                    return value
                for _ in call.begin():
                    pass
        except BaseException:
            end(call, scope)
            raise

    return retry


def _watched_exception_loop(options, target, exceptions):
    """`exception_loop` with all that the options may need on a success."""
    is_eager, is_timed, is_visible = options.is_eager, options.is_timed, options.is_visible
    max_time, on_success, rules = options.max_time, options.on_success or None, options.rules

    def retry(*args, **kwargs):
        call = start = scope = guards = None
        try:
            if is_eager or switches.is_on:
                call = SyncCall().of(options, target, args, kwargs)
                for _ in call.begin():
                    pass
            else:
                if is_timed:
                    start = clock()
                if rules is not None:
                    guards = _native.CallGuards.start(rules.budget, rules.breaker, now())
                    if type(guards) is float:
                        call = SyncCall().of(options, target, args, kwargs, start)
                        for _ in call.reject(guards):
                            pass
                if is_visible:
                    scope = [None, start, max_time, 1]
                    enter(scope)
            while True:
                try:
                    value = target(*args, **kwargs) if kwargs else target(*args)
                except exceptions as error:
                    if call is None:
                        call = SyncCall().of(options, target, args, kwargs, start, scope, guards)
                    wait = call.retry_in(error)
                    if wait is not None:
                        time.sleep(wait)
                        continue
                    for wait in call.settle(error):
                        time.sleep(wait)
                    if call.failure is not None:
                        raise call.take_failure()
                    if call.is_silent:
                        call.end()
                        return None
                    if not call.again:
                        raise
                else:
                    if call is not None:
                        for _ in call.succeed(value):
                            pass
                        call.end()
                        return value
                    if guards is not None:
                        if not guards.handle_plain_success():
                            rules.handle_success(guards, value)
                        guards = None
                    if scope is not None:
                        scope[TRIES] = None
                    if on_success is not None:
                        details = {
                            "target": target,
                            "args": args,
                            "kwargs": kwargs,
                            "tries": 1,
                            "elapsed": clock() - start,
                        }
                        for handler in on_success:
                            handler(details)
                    return value
                for _ in call.begin():
                    pass
        except BaseException:
            end(call, scope, guards)
            raise

    return retry


def predicate_loop(options, target, predicate):
    """`target`, called again when it returns what the predicate refuses."""
    is_eager, is_timed, is_visible = options.is_eager, options.is_timed, options.is_visible

    def retry(*args, **kwargs):
        call = start = scope = None
        try:
            if is_eager or switches.is_instrumented:
                call = SyncCall().of(options, target, args, kwargs)
            else:
                if is_timed:
                    start = clock()
                if is_visible:
                    scope = [None, start, options.max_time, 1]
                    enter(scope)
            while True:
                if call is not None:
                    for _ in call.begin():
                        pass
                value = target(*args, **kwargs) if kwargs else target(*args)
                if call is not None:
                    call.leave()
                    answer = predicate(value)
                else:
                    if scope is not None:
                        scope[TRIES] = None
                    answer = predicate(value)
                    if not answer:
                        return value
                    answer = True  # it is asked for its truth once
                    call = SyncCall().of(options, target, args, kwargs, start)
                for wait in call.settle(value, answer):
                    time.sleep(wait)
                if call.failure is not None:
                    raise call.take_failure()
                if not call.again:
                    return value
        finally:
            if call is not None:
                call.end()
            elif scope is not None:
                scope[TRIES] = None

    return retry


def attempts(options, attempt_class):
    """Attempts, until one succeeds or it is time to give up."""
    call = SyncCall().of(options, None, (), {}, clock())
    is_watched = options.is_watched
    try:
        while True:
            if is_watched or switches.is_instrumented:
                for _ in call.begin():
                    pass
            attempt = attempt_class(options.trigger, call)
            yield attempt
            error = attempt.exception
            if error is None:
                if is_watched or switches.is_instrumented:
                    for _ in call.succeed(None):
                        pass
                return
            try:
                wait = call.retry_in(error)
                if wait is not None:
                    attempt.next_wait = wait
                    time.sleep(wait)
                    continue
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
