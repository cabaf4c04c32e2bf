"""The transports of httpx and httpx2, which differ in the module of their classes."""

from __future__ import annotations

from typing import Any

from rebackoff import CircuitOpenError
from rebackoff._mistakes import mistake
from rebackoff.clients._retries import Retries


def sync_sender(retries: Retries, transport: Any) -> Any:
    send = _method(transport, "handle_request", "a transport of a blocking client")
    return retries.sync(send, lambda response: response.close())


def async_sender(retries: Retries, transport: Any) -> Any:
    send = _method(transport, "handle_async_request", "a transport of an async client")
    return retries.asynchronous(send, lambda response: response.aclose())


def _method(transport: Any, name: str, rule: str) -> Any:
    method = getattr(transport, name, None)
    if not callable(method) or isinstance(transport, type):
        raise mistake(TypeError, "transport", rule, transport)
    return method


def own(kind: Any, rejection: CircuitOpenError, request: Any) -> Any:
    """The rejection as an error of the client."""
    error = kind(str(rejection), rejection.retry_in)
    error.request = request
    return error
