"""The decorated coroutine function again, once for each small number of arguments.

The accelerator calls these where a call has so many positional arguments and no keywords: nothing
is packed and unpacked on the way to the target. What they do is what `_async.retry_exception` does.
"""

from rebackoff._native import Arities, clock, is_accelerated

MOST = 3

_SOURCE = """
def build(begin, timed, target, exceptions):
    async def retry({names}):
        start = clock() if timed else None
        try:
            return await target({names})
        except exceptions as error:
            args, kwargs = ({names}), {{}}
            call = begin(args, kwargs, start)
            pause = call.afailed(error)
            if pause is not None:
                await pause
            if not call.again:
                if call.silent:
                    return None
                raise
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

    return retry
"""

_builders = []


def begin_of(run, target, exceptions):
    """`run.begin`; where there is an accelerator, bound to what it has to find."""
    if not is_accelerated():
        return run.begin
    if not _builders:
        _builders.extend(map(_builder, range(MOST + 1)))
    return Arities(
        run, [build(run.begin, run.timed, target, exceptions) for build in _builders]
    ).begin


def _builder(arity):
    names = "".join(f"argument_{n}, " for n in range(arity))
    namespace = {"clock": clock, "__name__": __name__}
    exec(compile(_SOURCE.format(names=names), __file__, "exec"), namespace)
    return namespace["build"]
