"""Fleets: processes that share guards through Redis or Valkey."""

from __future__ import annotations

import atexit
import os
from typing import Any

from rebackoff import _native
from rebackoff._clock import now
from rebackoff._mistakes import mistake
from rebackoff._seconds import whole_within

# the connections of this process, by address
_connected: dict[str, _native.Fleet] = {}


class Fleet:
    """The processes that share guards through one Redis or Valkey, each of them a member.

        fleet = rebackoff.Fleet("redis://redis.example:6379/0", members=40)
        breaker = rebackoff.Breaker(name="shop", shared=fleet)
        retries = rebackoff.Budget.share(name="shop", shared=fleet)

    Guards with one name and the same parameters share their state. A success sends no command. Only the first call of
    a breaker waits for Redis, up to 25 ms. A guard whose Redis cannot be reached goes on by itself (`degraded`), and
    comes back by itself; the logger `rebackoff` gets one line for each of both. A forked process is a member of its own.

    Args:
        url: The address, as `redis://user:password@host:6379/0` or `redis+unix:///path?db=0`.
        members: The number of processes that share a budget, at most. Default: 10.
        starts_empty: Whether budgets begin empty, also where Redis has lost its data. Default: full.
    """

    __slots__ = ("core", "members", "starts_empty", "url")
    core: _native.Fleet
    members: int
    starts_empty: bool
    url: str

    def __init__(self, url: str, *, members: int = 10, starts_empty: bool = False) -> None:
        if not isinstance(url, str):
            raise mistake(TypeError, "url", "a text", url)
        members = whole_within("members", members, 1, 100_000)
        if not isinstance(starts_empty, bool):
            raise mistake(TypeError, "starts_empty", "True or False", starts_empty)
        self.url, self.members, self.starts_empty = url, members, starts_empty
        self.core = _connection(url)

    @property
    def degraded(self) -> bool:
        """Returns whether guards of this process go on without Redis."""
        return self.core.is_degraded

    @property
    def terms(self) -> tuple[_native.Fleet, int, bool]:
        """The fleet, as the extension takes it."""
        return self.core, self.members, self.starts_empty

    def report(self) -> None:
        """Logs that guards went on without Redis, or are shared again, once each."""
        error = self.core.take_report()
        if error is None:
            return
        import logging

        logger = logging.getLogger("rebackoff")
        if error:
            logger.warning("guards go on without the Redis of %s: %s", self, error)
        else:
            logger.info("all guards are shared again through the Redis of %s", self)

    def __repr__(self) -> str:
        # the address of a socket may have its password behind the question mark
        address, query, _ = self.url.partition("?")
        scheme, found, place = address.rpartition("@")
        shown = f"{scheme.partition('://')[0]}://***@{place}" if found else place
        return f"<Fleet {shown + '?***' if query else shown!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _made_again, (self.url, self.members, self.starts_empty)


def fleet_of(shared: object) -> Fleet:
    """The fleet that is given as such, or by its address."""
    if isinstance(shared, Fleet):
        return shared
    if isinstance(shared, str):
        return Fleet(shared)
    raise mistake(TypeError, "shared", "a text or a Fleet", shared)


def _made_again(url: str, members: int, starts_empty: bool) -> Fleet:
    return Fleet(url, members=members, starts_empty=starts_empty)


def _connection(url: str) -> _native.Fleet:
    core = _connected.get(url)
    if core is None:
        core = _connected.setdefault(url, _native.Fleet(url, now()))
    return core


def _handle_fork() -> None:
    for core in _connected.values():
        core.handle_fork()


def _finish() -> None:
    for core in _connected.values():
        core.finish()


atexit.register(_finish)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_handle_fork)
