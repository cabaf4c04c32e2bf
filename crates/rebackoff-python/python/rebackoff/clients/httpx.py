"""Retries in a transport of httpx.

    client = httpx.Client(transport=RetryTransport(max_tries=5, breaker=rebackoff.Keyed(rebackoff.Breaker)))

The transport sees each request of a chain of redirects by itself, and each response before its body: a body
that breaks off while it is read is not repeated here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

import rebackoff
from rebackoff.clients._httpx import AsyncTransport, SyncTransport
from rebackoff.clients._retries import Retries

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from rebackoff import _typed_options

__all__ = ["AsyncRetryTransport", "CircuitOpenError", "RetryTransport"]

_ERRORS = (httpx.TransportError,)


class CircuitOpenError(rebackoff.CircuitOpenError, httpx.TransportError):
    """A breaker rejects a request."""

    def __init__(
        self, message: str = "the circuit breaker is open", retry_in: float | None = None
    ) -> None:
        httpx.TransportError.__init__(self, message)
        self.args, self.retry_in = (message, retry_in), retry_in


class RetryTransport(SyncTransport[httpx.Request, httpx.Response], httpx.BaseTransport):
    """Sends requests again, by the transport that it wraps.

    Args:
        policy: A `rebackoff.Policy`, or a wait strategy as `rebackoff.on_exception` takes it. By default an `expo` of at most 30 seconds, with
            5 tries in 60 seconds.
        transport: The transport that sends. By default an `HTTPTransport`.
        options: `budget`, `breaker`, `hint`, `any_method`, `statuses`, `idempotency_key` and the options of
            `on_exception`. A guard is one for all requests, a `Keyed` with one for each host, or
            a function of the request.
    """

    def __init__(
        self,
        policy: _typed_options.Pacing | None = None,
        *,
        transport: httpx.BaseTransport | None = None,
        **options: Unpack[_typed_options.Client],
    ) -> None:
        retries = Retries(policy, errors=_ERRORS, **options)
        wrapped = httpx.HTTPTransport() if transport is None else transport
        self._wrap(wrapped, retries, CircuitOpenError)


class AsyncRetryTransport(AsyncTransport[httpx.Request, httpx.Response], httpx.AsyncBaseTransport):
    """`RetryTransport` for an `AsyncClient`."""

    def __init__(
        self,
        policy: _typed_options.Pacing | None = None,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        **options: Unpack[_typed_options.Client],
    ) -> None:
        retries = Retries(policy, errors=(*_ERRORS, TimeoutError), **options)
        wrapped = httpx.AsyncHTTPTransport() if transport is None else transport
        self._wrap(wrapped, retries, CircuitOpenError, httpx.TimeoutException)
