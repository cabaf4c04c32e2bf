"""A limit on each try of an async target."""

from __future__ import annotations

import sys

from rebackoff import _scope
from rebackoff._callables import is_async, name_of
from rebackoff._clock import clock


def limited(target, timeout):
    """The target, cancelled with a `TimeoutError` when a try takes longer than `timeout` seconds.

    No try goes on past the enclosing deadlines. `max_time` of the call is none of them: it is looked
    at between tries. The limit is a deadline for what the try calls: `remaining()` knows it.
    """
    if not is_async(target):
        raise TypeError(
            f"timeout needs a coroutine function, but {name_of(target)}() is none, and nothing can stop it from outside: "
            "give the client that it calls a timeout, for example rebackoff.remaining()"
        )

    async def attempt(*args, **kwargs):
        own, now = _scope.get(), float(clock())
        outer = None if own is None else _scope.enclosing(own)
        left = None if outer is None else _scope.remaining_in(outer, now)
        limit = timeout if left is None else min(timeout, left)
        scope = [None, now, limit, 0]
        try:
            _scope.enter(scope)
            return await within(limit, args, kwargs)
        finally:
            scope[_scope.TRIES] = None

    async def within(limit, args, kwargs):
        module = sys.modules[_library()]
        if hasattr(module, "move_on_after"):
            with module.move_on_after(limit) as scope:
                return await target(*args, **kwargs)
            if scope.cancelled_caught:
                raise _late(target, limit)
        elif hasattr(module, "timeout"):
            scope = module.timeout(limit)
            try:
                async with scope:
                    return await target(*args, **kwargs)
            except TimeoutError as error:
                if scope.expired():
                    raise _late(target, limit) from error
                raise
        else:
            return await _wait_for(module, target(*args, **kwargs), limit, _late(target, limit))

    attempt.__wrapped__ = target
    return attempt


async def _wait_for(asyncio, awaitable, limit, late):
    """The timeout before CPython 3.11, whose asyncio has a timeout of its own class."""
    task = asyncio.ensure_future(awaitable)
    try:
        done, _ = await asyncio.wait((task,), timeout=limit)
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait((task,))
        if not task.cancelled() and task.exception() is not None:
            return task.result()
        raise
    if not done:
        task.cancel()
        await asyncio.wait((task,))
        if task.cancelled():
            raise late
    return task.result()


def _late(target, limit):
    return TimeoutError(f"{name_of(target)}() took longer than {limit:g} s")


def _library():
    sniffio = sys.modules.get("sniffio")
    if sniffio is None:
        return "asyncio"
    try:
        return sniffio.current_async_library()
    except sniffio.AsyncLibraryNotFoundError:
        return "asyncio"
