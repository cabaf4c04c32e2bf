"""What HTTP libraries say of a failed request: which errors they raise, with what status and what wait."""

from __future__ import annotations

import math
import sys
import time
from datetime import timedelta
from email.utils import parsedate_to_datetime


def network_errors() -> tuple[type[Exception], ...]:
    """What requests, httpx, aiohttp and urllib raise when a request fails.

    requests is imported where it is installed, of the others what the program has imported.
    """
    errors: list[type[Exception]] = [ConnectionError, TimeoutError]
    try:
        import requests.exceptions
    except ImportError:
        pass
    else:
        errors += [
            requests.exceptions.ConnectionError,
            requests.exceptions.Timeout,
            requests.exceptions.HTTPError,
        ]
    for module, names in {
        "urllib.error": ("URLError",),
        "httpx": ("TransportError", "HTTPStatusError"),
        "aiohttp": ("ClientConnectionError", "ClientPayloadError", "ClientResponseError"),
        "asyncio": ("TimeoutError",),
    }.items():
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
    text = str(retry_after)
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - time.time()
        except ValueError:
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
