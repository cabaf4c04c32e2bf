"""The decorated functions that are awaited: `_sync`, with what has to be awaited in between.

Programs patch `asyncio`, `datetime` and the private functions here, and the calls use what they find.
"""

from __future__ import annotations

import sys

from rebackoff import _native
from rebackoff._call import Call, end
from rebackoff._callables import is_awaitable
from rebackoff._clock import look_in, now, task_clock
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
]

look_in(__name__)
watch(__name__)


class AsyncCall(Call):
    """A call whose steps are awaited."""

    __slots__ = ()

    awaits = True
    names = globals()

    def pause(self, wait):
        """`asyncio.sleep`, or the `sleep` of the async library that runs the task."""
        return _library().sleep(wait)

    async def pause_until(self, signal, wait):
        """Sleeps as `pause`, in short pieces, until the signal is set. Returns whether it is."""
        is_set = getattr(signal, "is_set", None) or (lambda: signal.wait(0))
        while not is_set():
            if wait <= 0:
                return False
            await self.pause(min(wait, _PIECE))
            wait -= _PIECE
        return True


# the seconds after which a task looks again at the signal that ends its wait
_PIECE = 0.02


def _library():
    """The library that runs this task. Trio tells it to sniffio."""
    sniffio = sys.modules.get("sniffio")
    if sniffio is not None:
        try:
            name = sniffio.current_async_library()
        except sniffio.AsyncLibraryNotFoundError:
            name = "asyncio"
        if name != "asyncio":
            return sys.modules[name]
    asyncio = globals().get("asyncio")
    if asyncio is None:
        import asyncio
    return asyncio


def exception_loop(options, target, exceptions):
    """`target`, called again when it raises one of the exceptions."""
    if options.is_watched:
        return _watched_exception_loop(options, target, exceptions)
    if options.is_timed or options.is_visible:
        return _limited_exception_loop(options, target, exceptions)

    async def retry(*args, **kwargs):
        call = scope = None
        try:
            if switches.is_instrumented:
                if switches.is_early or switches.is_patched:
                    call = AsyncCall().of(options, target, args, kwargs)
                    for step in call.begin():
                        call.answer = await step
                else:
                    scope = [None, task_clock(), None, 1]
                    enter(scope)
            while True:
                try:
                    value = await (target(*args, **kwargs) if kwargs else target(*args))
                except exceptions as error:
                    if call is None:
                        call = AsyncCall().of(
                            options, target, args, kwargs, scope and scope[START], scope
                        )
                    wait = call.retry_in(error)
                    if wait is not None:
                        await call.pause(wait)
                        continue
                    for step in call.settle(error):
                        call.answer = await step
                    if call.failure is not None:
                        raise call.take_failure()
                    if call.is_silent:
                        call.end()
                        return None
                    if not call.again:
                        raise
                else:
                    if call is not None:
                        for step in call.succeed(value):
                            call.answer = await step
                        call.end()
                    elif scope is not None:
                        scope[TRIES] = None
                        switches.export_success(options, target, scope[START])
                    return value
                for step in call.begin():
                    call.answer = await step
        except BaseException:
            end(call, scope)
            raise

    return retry


def _limited_exception_loop(options, target, exceptions):
    """`exception_loop` with a clock, and with a scope where the inner calls are to see the call."""
    is_visible, max_time = options.is_visible, options.max_time

    async def retry(*args, **kwargs):
        call = start = scope = None
        is_exported = switches.is_instrumented
        try:
            if is_exported and (switches.is_early or switches.is_patched):
                call = AsyncCall().of(options, target, args, kwargs)
                for step in call.begin():
                    call.answer = await step
            else:
                start = task_clock()
                if is_visible or is_exported:
                    scope = [None, start, max_time, 1]
                    enter(scope)
            while True:
                try:
                    value = await (target(*args, **kwargs) if kwargs else target(*args))
                except exceptions as error:
                    if call is None:
                        call = AsyncCall().of(options, target, args, kwargs, start, scope)
                    wait = call.retry_in(error)
                    if wait is not None:
                        await call.pause(wait)
                        continue
                    for step in call.settle(error):
                        call.answer = await step
                    if call.failure is not None:
                        raise call.take_failure()
                    if call.is_silent:
                        call.end()
                        return None
                    if not call.again:
                        raise
                else:
                    if call is not None:
                        for step in call.succeed(value):
                            call.answer = await step
                        call.end()
                    elif scope is not None:
                        scope[TRIES] = None
                        if is_exported:
                            switches.export_success(options, target, start)
                    return value
                for step in call.begin():
                    call.answer = await step
        except BaseException:
            end(call, scope)
            raise

    return retry


def _watched_exception_loop(options, target, exceptions):
    """`exception_loop` with all that the options may need on a success."""
    is_eager, is_timed, is_visible = options.is_eager, options.is_timed, options.is_visible
    max_time, on_success, rules = options.max_time, options.on_success or None, options.rules

    async def retry(*args, **kwargs):
        call = start = scope = guards = None
        try:
            if is_eager or switches.is_on:
                call = AsyncCall().of(options, target, args, kwargs)
                for step in call.begin():
                    call.answer = await step
            else:
                if is_timed:
                    start = task_clock()
                if rules is not None:
                    guards = _native.CallGuards.start(rules.budget, rules.breaker, now())
                    if type(guards) is float:
                        call = AsyncCall().of(options, target, args, kwargs, start)
                        for step in call.reject(guards):
                            call.answer = await step
                if is_visible:
                    scope = [None, start, max_time, 1]
                    enter(scope)
            while True:
                try:
                    value = await (target(*args, **kwargs) if kwargs else target(*args))
                except exceptions as error:
                    if call is None:
                        call = AsyncCall().of(options, target, args, kwargs, start, scope, guards)
                    wait = call.retry_in(error)
                    if wait is not None:
                        await call.pause(wait)
                        continue
                    for step in call.settle(error):
                        call.answer = await step
                    if call.failure is not None:
                        raise call.take_failure()
                    if call.is_silent:
                        call.end()
                        return None
                    if not call.again:
                        raise
                else:
                    if call is not None:
                        for step in call.succeed(value):
                            call.answer = await step
                        call.end()
                        return value
                    if guards is not None:
                        if not guards.handle_plain_success():
                            rules.handle_success(guards, value)
                        guards = None
                    if scope is not None:
                        scope[TRIES] = None
                    if on_success is not None:
                        call = AsyncCall().of(options, target, args, kwargs, start)
                        for step in call.succeed(value):
                            call.answer = await step
                    return value
                for step in call.begin():
                    call.answer = await step
        except BaseException:
            end(call, scope, guards)
            raise

    return retry


def predicate_loop(options, target, predicate):
    """`target`, called again when it returns what the predicate refuses."""
    is_eager, is_timed, is_visible = options.is_eager, options.is_timed, options.is_visible

    async def retry(*args, **kwargs):
        call = start = scope = None
        try:
            if is_eager or switches.is_instrumented:
                call = AsyncCall().of(options, target, args, kwargs)
            else:
                if is_timed:
                    start = task_clock()
                if is_visible:
                    scope = [None, start, options.max_time, 1]
                    enter(scope)
            while True:
                if call is not None:
                    for step in call.begin():
                        call.answer = await step
                value = await (target(*args, **kwargs) if kwargs else target(*args))
                if call is not None:
                    call.leave()
                    answer = predicate(value)
                else:
                    if scope is not None:
                        scope[TRIES] = None
                    answer = predicate(value)
                    if not answer:
                        return value
                    if not is_awaitable(answer):
                        answer = True  # it is asked for its truth once
                    call = AsyncCall().of(options, target, args, kwargs, start)
                for step in call.settle(value, answer):
                    call.answer = await step
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


async def attempts(options, attempt_class):
    """Attempts, until one succeeds or it is time to give up."""
    call = AsyncCall().of(options, None, (), {}, task_clock())
    is_watched = options.is_watched
    try:
        while True:
            if is_watched or switches.is_instrumented:
                for step in call.begin():
                    call.answer = await step
            attempt = attempt_class(options.trigger, call)
            yield attempt
            error = attempt.exception
            if error is None:
                if is_watched or switches.is_instrumented:
                    for step in call.succeed(None):
                        call.answer = await step
                return
            try:
                wait = call.retry_in(error)
                if wait is not None:
                    attempt.next_wait = wait
                    await call.pause(wait)
                    continue
                for step in call.settle(error):
                    call.answer = await step
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


__getattr__ = finder("_async")
