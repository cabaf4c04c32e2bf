"""The decorated functions that are awaited: `_sync`, with what has to be awaited in between.

Programs patch `asyncio`, `datetime` and the private functions here, and the calls use what they find.
"""

from __future__ import annotations

from sys import modules

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
]

_clock.look_in(globals())


class AsyncCall(Call):
    """A call whose steps are awaited."""

    awaits = True
    names = globals()

    def pause(self, wait):
        """`asyncio.sleep`, or the `sleep` of the async library that runs the task."""
        return _library().sleep(wait)

    async def pause_until(self, signal, wait):
        """Sleeps as `pause`, in short pieces, until the signal is set. Returns whether it is."""
        while not signal.is_set():
            if wait <= 0:
                return False
            await self.pause(min(wait, _PIECE))
            wait -= _PIECE
        return True


# the seconds after which a task looks again at the signal that ends its wait
_PIECE = 0.02


def _library():
    """The library that runs this task. Trio tells it to sniffio."""
    sniffio = modules.get("sniffio")
    if sniffio is not None:
        try:
            name = sniffio.current_async_library()
        except sniffio.AsyncLibraryNotFoundError:
            name = "asyncio"
        if name != "asyncio":
            return modules[name]
    asyncio = globals().get("asyncio")
    if asyncio is None:
        import asyncio
    return asyncio


def exception_loop(options, target, exceptions):
    """`target`, called again when it raises one of the exceptions."""
    is_eager = options.is_eager
    if not is_eager and (options.is_timed or options.is_visible):
        return _timed_exception_loop(options, target, exceptions)

    async def retry(*args, **kwargs):
        if is_eager or _instrumented.exporters:
            call = AsyncCall(options, target, args, kwargs)
        else:
            try:
                return await (target(*args, **kwargs) if kwargs else target(*args))
            except exceptions as error:
                call = AsyncCall(options, target, args, kwargs)
                for step in call.settle(error):
                    call.answer = await step
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
                        call.answer = await step
                try:
                    value = await (target(*args, **kwargs) if kwargs else target(*args))
                except exceptions as error:
                    for step in call.settle(error):
                        call.answer = await step
                    if call.again:
                        continue
                    if call.failure is not None:
                        raise call.take_failure()
                    if call.is_silent:
                        return None
                    raise
                for step in call.succeed(value):
                    call.answer = await step
                return value
        finally:
            call.end()

    return retry


def _timed_exception_loop(options, target, exceptions):
    """`exception_loop` with a clock, and with a scope where the inner calls are to see the call."""
    is_visible, max_time, on_success = options.is_visible, options.max_time, options.on_success

    async def retry(*args, **kwargs):
        if _instrumented.exporters:
            call = AsyncCall(options, target, args, kwargs)
        else:
            start = _clock.clock()
            call = outer = scope = None
            if is_visible:
                outer = _scope.variable.get()
                scope = Scope(outer, start, max_time)
                _scope.variable.set(scope)
            try:
                value = await (target(*args, **kwargs) if kwargs else target(*args))
            except exceptions as error:
                call = AsyncCall(options, target, args, kwargs, start, outer, scope)
                for step in call.settle(error):
                    call.answer = await step
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
                if on_success:
                    call = AsyncCall(options, target, args, kwargs, start)
                    for step in call.succeed(value):
                        call.answer = await step
                return value
        try:
            while True:
                if not call.is_entered:
                    for step in call.begin():
                        call.answer = await step
                try:
                    value = await (target(*args, **kwargs) if kwargs else target(*args))
                except exceptions as error:
                    for step in call.settle(error):
                        call.answer = await step
                    if call.again:
                        continue
                    if call.failure is not None:
                        raise call.take_failure()
                    if call.is_silent:
                        return None
                    raise
                for step in call.succeed(value):
                    call.answer = await step
                return value
        finally:
            call.end()

    return retry


def predicate_loop(options, target, predicate):
    """`target`, called again when it returns what the predicate refuses."""
    is_eager, is_timed, is_visible = options.is_eager, options.is_timed, options.is_visible

    async def retry(*args, **kwargs):
        call = outer = scope = None
        if is_eager or _instrumented.exporters:
            call = AsyncCall(options, target, args, kwargs)
        else:
            start = _clock.clock() if is_timed else None
            if is_visible:
                outer = _scope.variable.get()
                scope = Scope(outer, start, options.max_time)
                _scope.variable.set(scope)
            try:
                value = await (target(*args, **kwargs) if kwargs else target(*args))
            finally:
                if is_visible:
                    _scope.leave(outer, scope)
            answer = predicate(value)
            if not answer:
                return value
            call = AsyncCall(options, target, args, kwargs, start)
            for step in call.settle(value, answer):
                call.answer = await step
            if call.failure is not None:
                raise call.take_failure()
            if not call.again:
                return value
        try:
            while True:
                for step in call.begin():
                    call.answer = await step
                value = await (target(*args, **kwargs) if kwargs else target(*args))
                call.leave()
                for step in call.settle(value, predicate(value)):
                    call.answer = await step
                if call.failure is not None:
                    raise call.take_failure()
                if not call.again:
                    return value
        finally:
            call.end()

    return retry


async def attempts(options, attempt_class):
    """Attempts, until one succeeds or it is time to give up."""
    call = AsyncCall(options, None, (), {})
    try:
        while True:
            for step in call.begin():
                call.answer = await step
            attempt = attempt_class(options.trigger, call)
            yield attempt
            error = attempt.exception
            if error is None:
                for step in call.succeed(None):
                    call.answer = await step
                return
            try:
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
