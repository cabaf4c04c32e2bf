"""The decorated coroutine function again, once for each small number of arguments.

The accelerator calls these where a call has so many positional arguments and no keywords: nothing
is packed and unpacked on the way to the target. What they do is what `_async.retry_exception` does.
"""

from rebackoff._native import Arities, is_accelerated

MOST = 3

_SOURCE = """
def build(begin, target, exceptions):
    async def retry({names}):
        try:
            return await target({names})
        except exceptions as error:
            args, kwargs = ({names}), {{}}
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
"""

_builders = []


def begin_of(run, target, exceptions):
    """`run.begin`; where there is an accelerator, bound to what it has to find."""
    if not is_accelerated():
        return run.begin
    functions = [build(run.begin, target, exceptions) for build in builders()]
    return Arities(run, functions).begin


def builders():
    """What builds the functions, made when they are needed first."""
    if not _builders and is_accelerated():
        _builders.extend(map(_builder, range(MOST + 1)))
    return _builders


def _builder(arity):
    names = "".join(f"argument_{n}, " for n in range(arity))
    namespace = {"__name__": __name__}
    exec(compile(_SOURCE.format(names=names), __file__, "exec"), namespace)
    return namespace["build"]
