"""Targets that give items: generator functions, and the functions that stand in for them with the originals.

A stand-in takes out the first item itself, and gives a generator that begins with it.
"""

import inspect

SHAPES = ("generator", "items")


def make(spec, begin, later):
    """`begin` does what the script says and gives the first item; `later` may raise after it."""
    kind = "async " + spec["shape"] if spec["async"] else spec["shape"]
    return {
        "generator": _generator,
        "async generator": _async_generator,
        "items": _items,
        "async items": _async_items,
    }[kind](begin, later)


def consumed(decorated, is_async, trace):
    """A function that takes all items of what `decorated` gives."""

    async def consume_async(*args, **kwargs):
        items = decorated(*args, **kwargs)
        if inspect.isawaitable(items):
            items = await items
        if items is not None:
            async for item in items:
                trace.add("item", trace.show(item))

    def consume(*args, **kwargs):
        for item in decorated(*args, **kwargs) or ():
            trace.add("item", trace.show(item))

    return consume_async if is_async else consume


# All are called `target`, so that their names in tracebacks and log lines are the same.


def _generator(begin, later):
    def target(*args, **kwargs):
        yield begin(args, kwargs)
        yield later()

    return target


def _items(begin, later):
    def target(*args, **kwargs):
        return _rest(begin(args, kwargs), later)

    return target


def _rest(first, later):
    def target():
        yield first
        yield later()

    return target()


def _async_generator(begin, later):
    async def target(*args, **kwargs):
        yield begin(args, kwargs)
        yield later()

    return target


def _async_items(begin, later):
    async def target(*args, **kwargs):
        return _async_rest(begin(args, kwargs), later)

    return target


def _async_rest(first, later):
    async def target():
        yield first
        yield later()

    return target()
