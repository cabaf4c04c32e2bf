"""The errors of HTTP clients: their classes, and the waits that their headers ask for.

No client is imported here. A client that the program imports later is known from then on.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from datetime import timedelta

from rebackoff import _native

STOP = -math.inf

_REQUESTS = ("ConnectionError", "Timeout", "ChunkedEncodingError", "HTTPError")
_HTTPX = ("TransportError", "HTTPStatusError")
_URLLIB3 = ("TimeoutError", "NewConnectionError", "ProtocolError", "MaxRetryError", "ProxyError")
_HTTPCORE = ("NetworkError", "TimeoutException", "RemoteProtocolError", "ProxyError")
_LLM = ("APIConnectionError", "APIStatusError")
_ERRORS = {
    "requests.exceptions": _REQUESTS,
    "niquests.exceptions": _REQUESTS,
    "urllib.error": ("URLError",),
    "http.client": ("IncompleteRead", "BadStatusLine"),
    "httpx": _HTTPX,
    "httpx2": _HTTPX,
    "httpcore": _HTTPCORE,
    "httpcore2": _HTTPCORE,
    "aiohttp": ("ClientConnectionError", "ClientPayloadError", "ClientResponseError"),
    "urllib3.exceptions": _URLLIB3,
    "urllib3_future.exceptions": _URLLIB3,
    "openai": _LLM,
    "anthropic": _LLM,
    "botocore.exceptions": ("ConnectionError", "HTTPClientError", "ClientError"),
    "asyncio": ("TimeoutError",),
}


class NetworkErrors(tuple[type[Exception], ...]):
    """The classes of errors of the clients that are imported.

    Decorators read it anew at each failure, so that clients count which are imported later.
    """

    __slots__ = ()

    def __add__(self, others: object) -> NetworkErrors:  # type: ignore[override]
        return NetworkErrors((*self, *others)) if isinstance(others, tuple) else NotImplemented

    def __radd__(self, others: object) -> NetworkErrors:
        return NetworkErrors((*others, *self)) if isinstance(others, tuple) else NotImplemented

    def admits(self, error: BaseException) -> bool:
        """Returns whether the error is one of these, or one of a client that was imported since."""
        return isinstance(error, tuple(self)) or isinstance(error, tuple(_loaded_errors()))


def network_errors() -> NetworkErrors:
    """The errors that HTTP clients raise when a request fails."""
    return NetworkErrors(_loaded_errors())


def is_request_error(error: object) -> bool:
    """Returns whether a client raises this error when a request fails."""
    return isinstance(error, tuple(_loaded_errors()))


def _loaded_errors() -> Iterator[type[Exception]]:
    yield from (ConnectionError, TimeoutError)
    for module, names in _ERRORS.items():
        if module in sys.modules:
            for name in names:
                # a module that is being imported has not all its names
                kind = getattr(sys.modules[module], name, None)
                if isinstance(kind, type) and issubclass(kind, Exception):
                    yield kind


def seconds_of(retry_after: object) -> float | None:
    """The seconds of a `Retry-After`: a number, a date, a `timedelta`; None for anything else.

    A negative number means now, and minus infinity is an order to stop.
    """
    if isinstance(retry_after, timedelta):
        retry_after = retry_after.total_seconds()
    if isinstance(retry_after, bool):
        return None
    if isinstance(retry_after, int | float):
        if retry_after == STOP:
            return STOP
        return max(0.0, float(retry_after)) if math.isfinite(retry_after) else None
    return hint_of_headers([("retry-after", str(retry_after))], time.time())


def hint_of_headers(pairs: list[tuple[str, str]], now: float) -> float | None:
    """The seconds that headers ask to wait; minus infinity is an order to stop."""
    return _native.hint(_lines(pairs), float(now))


def order_of_headers(pairs: list[tuple[str, str]]) -> bool | None:
    """The order of the server whether to retry; None where it gives none."""
    return _native.should_retry(_lines(pairs))


def _lines(pairs: list[tuple[str, str]]) -> str:
    # aiohttp keeps bytes that are no text as surrogates
    lines = [f"{name}\n{value}" for name, value in pairs]
    return "\n".join(line for line in lines if line.isascii() and line.count("\n") == 1)
