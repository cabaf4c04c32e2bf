"""What HTTP libraries say of a failed request: which errors they raise, with what status and what wait."""

from __future__ import annotations

import contextlib
import math
import sys
import time
from datetime import timedelta

from rebackoff import _native

_ERRORS = {
    "requests.exceptions": ("ConnectionError", "Timeout", "ChunkedEncodingError", "HTTPError"),
    "urllib.error": ("URLError",),
    "httpx": ("TransportError", "HTTPStatusError"),
    "aiohttp": ("ClientConnectionError", "ClientPayloadError", "ClientResponseError"),
    "asyncio": ("TimeoutError",),
}


def network_errors() -> tuple[type[Exception], ...]:
    """What requests, httpx, aiohttp and urllib raise when a request fails.

    requests is imported where it is installed, of the others what the program has imported.
    """
    with contextlib.suppress(ImportError):
        import requests.exceptions  # noqa: F401
    return _loaded_errors()


def is_request_error(error: object) -> bool:
    """Whether the error is one of those that the libraries raise when a request fails."""
    return isinstance(error, _loaded_errors())


def _loaded_errors() -> tuple[type[Exception], ...]:
    errors: list[type[Exception]] = [ConnectionError, TimeoutError]
    for module, names in _ERRORS.items():
        if module in sys.modules:
            errors += [getattr(sys.modules[module], name) for name in names]
    return tuple(errors)


def is_client_error(error: BaseException) -> bool:
    """Whether the error carries a 4xx status that no further try will change."""
    status = getattr(
        getattr(error, "response", None), "status_code", getattr(error, "status", None)
    )
    # the server asks for patience with these three, whatever their number says
    return isinstance(status, int) and 400 <= status < 500 and status not in (408, 425, 429)


def seconds_of(retry_after: object) -> float | None:
    """The seconds of a `Retry-After`: a number, a date, a `timedelta`; None for anything else."""
    if isinstance(retry_after, timedelta):
        retry_after = retry_after.total_seconds()
    if isinstance(retry_after, int | float):
        return max(0.0, float(retry_after)) if math.isfinite(retry_after) else None
    text = str(retry_after)
    return hint_of_headers([("retry-after", text)], time.time())


def hint_of_headers(pairs: list[tuple[str, str]], now: float) -> float | None:
    """The seconds that headers ask to wait; a negative number is an order to stop."""
    # aiohttp keeps bytes that are no text as surrogates
    lines = [f"{name}\n{value}" for name, value in pairs]
    headers = [line for line in lines if line.isascii() and line.count("\n") == 1]
    return _native.hint("\n".join(headers), float(now))
