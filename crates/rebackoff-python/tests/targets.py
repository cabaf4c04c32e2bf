"""Targets that fail a number of times and record their calls, and the policy that retries them."""

from __future__ import annotations

from rebackoff import Policy

THREE = Policy("constant", interval=3, jitter="none", max_tries=3)


def flaky(times, error=OSError):
    calls = []

    def target(*args, **kwargs):
        calls.append((args, kwargs))
        if len(calls) <= times:
            raise error("down")
        return "ok"

    return target, calls


def awaited(target):
    async def async_target(*args, **kwargs):
        return target(*args, **kwargs)

    return async_target


async def awaited_nothing():
    pass
