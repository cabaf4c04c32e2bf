"""Decorated generator functions: retried until their first item, after which errors pass through."""


def retry_generator(run, target, exceptions):
    """The generator function `target`, started again when it raises before its first item."""
    begin = run.begin

    def retry(*args, **kwargs):
        call = begin(args, kwargs)
        while True:
            call.trying()
            generator = target(*args, **kwargs)
            try:
                first = next(generator)
            except StopIteration as end:
                call.succeeded(end.value)
                return end.value
            except exceptions as error:
                if call.failed(error):
                    continue
                if call.silent:
                    return None
                raise
            except BaseException:
                call.lost()
                raise
            call.succeeded(None)
            break
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


def retry_async_generator(run, target, exceptions):
    """The async generator function `target`, started again when it raises before its first item."""
    begin = run.begin

    async def retry(*args, **kwargs):
        call = begin(args, kwargs)
        while True:
            pause = call.atrying()
            if pause is not None:
                await pause
            generator = target(*args, **kwargs)
            try:
                item = await generator.__anext__()
            except StopAsyncIteration:
                pause = call.asucceeded(None)
                if pause is not None:
                    await pause
                return
            except exceptions as error:
                pause = call.afailed(error)
                if pause is not None:
                    await pause
                if call.again:
                    continue
                if call.silent:
                    return
                raise
            except BaseException:
                call.lost()
                raise
            pause = call.asucceeded(None)
            if pause is not None:
                await pause
            call = None  # what follows is no try
            break
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
