"""Decorated generator functions: retried until their first item, after which errors pass through."""

from __future__ import annotations

from rebackoff._async import AsyncCall
from rebackoff._sync import SyncCall, time


def retry_generator(options, target, exceptions):
    """The generator function `target`, started again when it raises before its first item."""

    def retry(*args, **kwargs):
        call = SyncCall().of(options, target, args, kwargs)
        try:
            while True:
                for _ in call.begin():
                    pass
                generator = target(*args, **kwargs)
                try:
                    first = next(generator)
                except StopIteration as end:
                    for _ in call.succeed(end.value):
                        pass
                    call.leave()
                    return end.value
                except exceptions as error:
                    for wait in call.settle(error):
                        time.sleep(wait)
                    if call.again:
                        continue
                    if call.failure is not None:
                        raise call.take_failure()
                    if call.is_silent:
                        return None
                    raise
                for _ in call.succeed(None):
                    pass
                call.leave()
                break
        finally:
            call.end()
        call = None  # what follows is no try
        end = yield from _Begun(first, generator)
        rest = yield from generator
        return rest if end is None else end

    return retry


class _Begun:
    """The first item of a generator, for `yield from`: it ends after it, so that the generator itself comes next.

    What is sent or thrown meanwhile goes to the generator; nothing is in between that a traceback would show.
    """

    def __init__(self, first, generator):
        self._first = iter((first,))
        self.send, self.throw, self.close = generator.send, generator.throw, generator.close

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._first)


def retry_async_generator(options, target, exceptions):
    """The async generator function `target`, started again when it raises before its first item."""

    async def retry(*args, **kwargs):
        call = AsyncCall().of(options, target, args, kwargs)
        try:
            while True:
                for step in call.begin():
                    call.answer = await step
                generator = target(*args, **kwargs)
                try:
                    item = await generator.__anext__()
                except StopAsyncIteration:
                    for step in call.succeed(None):
                        call.answer = await step
                    call.leave()
                    return
                except exceptions as error:
                    for step in call.settle(error):
                        call.answer = await step
                    if call.again:
                        continue
                    if call.failure is not None:
                        raise call.take_failure()
                    if call.is_silent:
                        return
                    raise
                for step in call.succeed(None):
                    call.answer = await step
                call.leave()
                break
        finally:
            call.end()
        call = None  # what follows is no try
        try:
            while True:
                try:
                    sent = yield item
                except GeneratorExit:
                    raise
                except BaseException as error:
                    item = await generator.athrow(error)
                else:
                    item = await generator.asend(sent)
        except StopAsyncIteration:
            return
        finally:
            await generator.aclose()

    return retry
