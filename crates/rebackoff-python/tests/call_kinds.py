"""Calls of every kind: functions, generators, predicates and contexts, blocking and async, that retry a `ValueError`."""

from __future__ import annotations

import asyncio

import pytest
import rebackoff


def options_of(options):
    return {"interval": 1, "jitter": None, "logger": None, **options}


def retry(**options):
    return rebackoff.on_exception(rebackoff.constant, ValueError, **options_of(options))


def sync_exception(target, **options):
    return retry(**options)(target)


def async_exception(target, **options):
    async def call():
        return target()

    decorated = sync_exception(call, **options)
    return lambda: asyncio.run(decorated())


def generator(target, **options):
    def items():
        yield target()

    decorated = sync_exception(items, **options)
    return lambda: next(decorated())


def async_generator(target, **options):
    async def items():
        yield target()

    decorated = sync_exception(items, **options)

    async def first():
        async for item in decorated():
            return item

    return lambda: asyncio.run(first())


def context(target, **options):
    def call():
        value = None
        for attempt in rebackoff.retry_context(
            ValueError, rebackoff.constant, **options_of(options)
        ):
            with attempt:
                value = target()
        return value

    return call


def async_context(target, **options):
    async def call():
        value = None
        async for attempt in rebackoff.aretry_context(
            ValueError, rebackoff.constant, **options_of(options)
        ):
            with attempt:
                value = target()
        return value

    return lambda: asyncio.run(call())


def is_none(value):
    return value is None


def sync_predicate(target, **options):
    def call():
        try:
            return target()
        except ValueError:
            return None

    return raising(rebackoff.on_predicate(rebackoff.constant, is_none, **options_of(options))(call))


def async_predicate(target, **options):
    async def call():
        try:
            return target()
        except ValueError:
            return None

    decorated = rebackoff.on_predicate(rebackoff.constant, is_none, **options_of(options))(call)
    return raising(lambda: asyncio.run(decorated()))


def raising(call):
    def raising():
        value = call()
        if value is None:
            raise ValueError
        return value

    return raising


BLOCKING = [sync_exception, sync_predicate, generator, context]
BY_ERROR = [sync_exception, async_exception, generator, async_generator, context, async_context]
ALL = [*BY_ERROR, sync_predicate, async_predicate]
flavours = pytest.mark.parametrize("flavour", ALL)


def fail():
    raise ValueError
