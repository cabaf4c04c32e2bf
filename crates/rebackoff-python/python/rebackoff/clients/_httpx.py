"""The transports of httpx and httpx2, which differ in the module of their classes."""

from __future__ import annotations

from typing import Any

from rebackoff import CircuitOpenError
from rebackoff.clients._retries import Retries


def sync_sender(retries: Retries, transport: Any) -> Any:
    return retries.sync(transport.handle_request, lambda response: response.close())


def async_sender(retries: Retries, transport: Any) -> Any:
    return retries.asynchronous(transport.handle_async_request, lambda response: response.aclose())


def own(kind: Any, rejection: CircuitOpenError, request: Any) -> Any:
    """The rejection as an error of the client."""
    error = kind(str(rejection), rejection.retry_in)
    error.request = request
    return error
