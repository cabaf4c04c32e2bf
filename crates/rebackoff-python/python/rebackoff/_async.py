"""The decorated functions that are awaited: `_sync`, with what has to be awaited in between.

`asyncio` and `datetime` are here for the programs that patch them here.
"""

from __future__ import annotations

from sys import modules

from rebackoff import _clock, _instrumented, _scope
from rebackoff._call import Call
from rebackoff._common import _init_wait_gen, _maybe_call, _next_wait
from rebackoff._native import Scope

__all__ = ["_init_wait_gen", "_maybe_call", "_next_wait", "retry_exception", "retry_predicate"]


class AsyncCall(Call):
    """A call whose steps are awaited."""

    awaits = True
    names = globals()

    def pause(self, wait):
        """`asyncio.sleep`, or the `sleep` of the async library that runs the task."""
        return _library().sleep(wait)


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
    return globals().get("asyncio") or __getattr__("asyncio")


def retry_exception(options, target, exceptions):
    """`target`, called again when it raises one of the exceptions."""
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
                return await target(*args, **kwargs)
            except exceptions as error:
                call = AsyncCall(options, target, args, kwargs, start, outer, scope)
                for step in call.settle(error):
                    call.answer = await step
                if not call.again:
                    if call.is_silent:
                        return None
                    raise
            finally:
                if is_visible:
                    _scope.leave(outer, scope, call)
        try:
            while True:
                for step in call.begin():
                    call.answer = await step
                try:
                    value = await target(*args, **kwargs)
                except exceptions as error:
                    for step in call.settle(error):
                        call.answer = await step
                    if call.again:
                        continue
                    if call.is_silent:
                        return None
                    raise
                for step in call.succeed(value):
                    call.answer = await step
                return value
        finally:
            call.end()

    return retry


def retry_predicate(options, target, predicate):
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
                value = await target(*args, **kwargs)
            finally:
                if is_visible:
                    _scope.leave(outer, scope, call)
            answer = predicate(value)
            if not answer:
                return value
            call = AsyncCall(options, target, args, kwargs, start)
            for step in call.settle(value, answer):
                call.answer = await step
            if not call.again:
                return value
        try:
            while True:
                for step in call.begin():
                    call.answer = await step
                value = await target(*args, **kwargs)
                for step in call.settle(value):
                    call.answer = await step
                if not call.again:
                    return value
        finally:
            call.end()

    return retry


async def retry_context(options, attempt_class):
    """Attempts, until one succeeds or it is time to give up."""
    call = AsyncCall(options, None, (), {})
    try:
        while True:
            for step in call.begin():
                call.answer = await step
            call.leave()
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
                    continue
                if call.is_silent:
                    return
                attempt.exception = None
                raise error
            finally:
                del error
    finally:
        call.end()


def __getattr__(name):
    if name in ("asyncio", "datetime", "functools"):
        import importlib

        module = importlib.import_module(name)
        if name == "asyncio":
            globals()[name] = module
        return module
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
