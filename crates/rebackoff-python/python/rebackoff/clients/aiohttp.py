"""Retries in a middleware of aiohttp (3.12 or newer).

    session = aiohttp.ClientSession(
        middlewares=[RetryMiddleware(max_tries=5, breaker=rebackoff.Keyed(rebackoff.Breaker))]
    )

The middleware sees each request of a chain of redirects by itself, and each response before its body: a body
that breaks off while it is read is not repeated here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp

import rebackoff
from rebackoff.clients._retries import Retries

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from rebackoff import _typed_options

__all__ = ["CircuitOpenError", "RetryMiddleware"]


class CircuitOpenError(rebackoff.CircuitOpenError, aiohttp.ClientConnectionError):
    """A breaker rejects a request."""


class RetryMiddleware:
    """Sends requests again.

    Args:
        policy: A `rebackoff.Policy`, or a wait strategy as `rebackoff.on_exception` takes it. By default an `expo` of at most 30 seconds, with
            5 tries in 60 seconds.
        options: `budget`, `breaker`, `hint`, `any_method`, `statuses`, `idempotency_key` and the options of
            `on_exception`. A guard is one for all requests, a `Keyed` with one for each host, or
            a function of the request.
    """

    def __init__(
        self, policy: _typed_options.Pacing | None = None, **options: Unpack[_typed_options.Client]
    ) -> None:
        errors = (aiohttp.ClientError, asyncio.TimeoutError, TimeoutError)
        retries = Retries(policy, errors=errors, **options)
        self._send = retries.asynchronous(_send_once, _close)

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        try:
            response: aiohttp.ClientResponse = await self._send(request, handler)
        except rebackoff.CircuitOpenError as error:
            rejection = error
        else:
            return response
        raise CircuitOpenError(str(rejection), rejection.retry_in)


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    return await handler(request)


async def _close(response: aiohttp.ClientResponse) -> None:
    response.close()
