"""The decorated functions that are awaited: `_sync`, with what has to be awaited in between.

The methods of `Call` that begin with `a` give what has to be awaited (the wait, but async handlers
and conditions before it), or None. Between `enter` and `leave`, the call is in a context variable, for
the tasks that its target starts: from the first retry on, or from the start where somebody asks for the
time.

`asyncio` and `datetime` are here for the programs that patch them here.
"""

from rebackoff._common import _init_wait_gen, _maybe_call, _next_wait
from rebackoff._instrumented import exporters

__all__ = ["_init_wait_gen", "_maybe_call", "_next_wait", "retry_exception", "retry_predicate"]


def retry_exception(run, target, exceptions):
    """`target`, called again when it raises one of the exceptions."""
    if run.busy:
        return retry_exception_told(run, target, exceptions)
    told, begin = retry_exception_told(run, target, exceptions), run.begin

    async def retry(*args, **kwargs):
        if exporters:
            call = False  # `told` is the call that the inner ones see
            return await told(*args, **kwargs)
        try:
            return await target(*args, **kwargs)
        except exceptions as error:
            call = begin(args, kwargs)
            pause = call.afailed(error)
            if pause is not None:
                await pause
            if not call.again:
                if call.silent:
                    return None
                raise
        call.enter()
        try:
            while True:
                try:
                    return await target(*args, **kwargs)
                except exceptions as error:
                    pause = call.afailed(error)
                    if pause is not None:
                        await pause
                    if not call.again:
                        if call.silent:
                            return None
                        raise
        finally:
            call.leave()

    return retry


def retry_exception_told(run, target, exceptions):
    """The same where somebody wants to be told of tries and successes."""
    begin = run.begin

    async def retry(*args, **kwargs):
        call = begin(args, kwargs)
        call.enter_if_timed()
        try:
            while True:
                pause = call.atrying()
                if pause is not None:
                    await pause
                try:
                    value = await target(*args, **kwargs)
                except exceptions as error:
                    pause = call.afailed(error)
                    if pause is not None:
                        await pause
                    if call.again:
                        call.enter()
                        continue
                    if call.silent:
                        return None
                    raise
                pause = call.asucceeded(value)
                if pause is not None:
                    await pause
                return value
        finally:
            call.leave()

    return retry


def retry_predicate(run, target, predicate):
    """`target`, called again when it returns what the predicate refuses."""
    if run.busy or run.timed:
        return retry_predicate_told(run, target)
    told, begin = retry_predicate_told(run, target), run.begin

    async def retry(*args, **kwargs):
        if exporters:
            call = False  # `told` is the call that the inner ones see
            return await told(*args, **kwargs)
        value = await target(*args, **kwargs)
        answer = predicate(value)
        if not answer:
            return value
        call = begin(args, kwargs)
        pause = call.arefused(value, answer)
        call.enter()
        try:
            while True:
                if pause is not None:
                    await pause
                if not call.again:
                    return value
                value = await target(*args, **kwargs)
                pause = call.areturned(value)
        finally:
            call.leave()

    return retry


def retry_predicate_told(run, target):
    """The same where somebody wants to be told of tries and successes."""
    begin = run.begin

    async def retry(*args, **kwargs):
        call = begin(args, kwargs)
        call.enter_if_timed()
        try:
            while True:
                pause = call.atrying()
                if pause is not None:
                    await pause
                value = await target(*args, **kwargs)
                pause = call.areturned(value)
                if pause is not None:
                    await pause
                if not call.again:
                    return value
                call.enter()
        finally:
            call.leave()

    return retry


async def retry_context(run, exceptions, attempt_class):
    """Attempts, until one succeeds or it is time to give up."""
    call = run.begin((), {})
    while True:
        pause = call.atrying()
        if pause is not None:
            await pause
        attempt = attempt_class(exceptions, call)
        yield attempt
        error = attempt.exception
        if error is None:
            pause = call.asucceeded(None)
            if pause is not None:
                await pause
            return
        try:
            pause = call.afailed(error)
            if pause is not None:
                await pause
            if call.again:
                continue
            if call.silent:
                return
            attempt.exception = None
            raise error
        finally:
            del error


def __getattr__(name):
    if name in ("asyncio", "datetime", "functools"):
        import importlib

        module = importlib.import_module(name)
        if name == "asyncio":
            globals()[name] = module
        return module
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
