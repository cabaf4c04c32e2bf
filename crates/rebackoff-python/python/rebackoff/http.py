"""What HTTP responses and errors say about retrying: of requests, httpx, aiohttp and urllib.

Where a failed request raises:

    @rebackoff.on_exception(
        rebackoff.expo, http.errors(), giveup=http.is_final, hint=http.hint, max_tries=5
    )
    def fetch(url):
        response = requests.get(url, timeout=5)
        response.raise_for_status()
        return response

and where it returns its status:

    @rebackoff.on_predicate(rebackoff.expo, http.is_transient, hint=http.hint, max_tries=5)
    def fetch(url):
        return requests.get(url, timeout=5)

Nothing here raises, whatever a server sends.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

from rebackoff._http_errors import hint_of_headers as _hint_of_headers
from rebackoff._http_errors import is_request_error, network_errors

__all__ = ["IDEMPOTENT_METHODS", "STATUSES", "errors", "hint", "is_final", "is_transient"]

# RFC 9110, 9.2.2
IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})

# raised before anything was sent, so that no method was applied
_NEVER_SENT = frozenset(
    {
        "ConnectTimeout",
        "ConnectError",
        "PoolTimeout",
        "ClientConnectorError",
        "ConnectionTimeoutError",
        "ConnectionRefusedError",
    }
)


def errors() -> tuple[type[Exception], ...]:
    """What requests, httpx, aiohttp and urllib raise when a request fails, as far as they are imported."""
    return network_errors()


def hint(outcome: object) -> float | None:
    """The seconds that a response, or an error with one, asks to wait, for the option `hint`.

    These headers are read, the first that makes sense holds: `grpc-retry-pushback-ms`,
    `retry-after-ms`, `x-ms-retry-after-ms`, `x-amz-retry-after` (milliseconds), `Retry-After`
    (seconds, or a date in any of the three forms of HTTP), `RateLimit`, `RateLimit-Reset`,
    `X-RateLimit-Reset`. None where they ask for nothing or are malformed; a negative number where
    they ask not to come again.

    >>> class Response:
    ...     headers = {"retry-after": "120"}
    >>> hint(Response())
    120.0
    """
    # requests and httpx keep the headers in the response, aiohttp and urllib in the error
    headers = _read(_response(outcome), "headers")
    try:
        pairs = [(str(name), str(value)) for name, value in headers.items()]
    except Exception:
        return None
    return _hint_of_headers(pairs, time.time())


def is_transient(
    outcome: object,
    *,
    method: str | None = None,
    any_method: bool = False,
    statuses: Collection[int] = STATUSES,
) -> bool:
    """Whether the same request may go well if it is sent again.

    That is so where the response has one of the `statuses` (408, 425, 429, 500, 502, 503, 504), or
    the connection failed; and only where sending it twice does no harm: its method is idempotent
    (GET, HEAD, OPTIONS, TRACE, PUT, DELETE), it has an `Idempotency-Key`, it was never sent (the
    connection could not be made), or `any_method` is true.

    Args:
        outcome: A response, or an error.
        method: The method of the request, where the outcome does not know it: aiohttp's connection
            errors, and errors of the standard library, do not. Unknown is not idempotent.
        any_method: Whether the program can bear that any request is applied twice.
        statuses: The statuses that may pass.
    """
    status = _status(outcome)
    if status is not None:
        fails = status in statuses
    else:
        fails = is_request_error(outcome)
    return fails and (any_method or _is_repeatable(outcome, method))


def is_final(
    outcome: object,
    *,
    method: str | None = None,
    any_method: bool = False,
    statuses: Collection[int] = STATUSES,
) -> bool:
    """Whether there is no use in sending it again, for the option `giveup`: the opposite of `is_transient`."""
    return not is_transient(outcome, method=method, any_method=any_method, statuses=statuses)


def _is_repeatable(outcome: object, method: str | None) -> bool:
    if any(kind.__name__ in _NEVER_SENT for kind in type(outcome).__mro__):
        return True
    request = _request(outcome)
    known = _read(request, "method") or _read(outcome, "method") or method
    if isinstance(known, str) and known.upper() in IDEMPOTENT_METHODS:
        return True
    headers = _read(request, "headers")
    try:
        return any(str(name).lower() == "idempotency-key" for name in headers)
    except Exception:
        return False


def _status(outcome: object) -> int | None:
    response = _response(outcome)
    for name in ("status_code", "status"):
        status = _read(response, name)
        if isinstance(status, int):
            return status
    return None


def _response(outcome: object) -> Any:
    response = _read(outcome, "response")
    return outcome if response is None else response


def _request(outcome: object) -> Any:
    for holder in (outcome, _response(outcome)):
        for name in ("request", "request_info"):
            request = _read(holder, name)
            if request is not None:
                return request
    return None


def _read(holder: object, name: str) -> Any:
    """An attribute, or None: httpx raises where it has no request."""
    try:
        return getattr(holder, name, None)
    except Exception:
        return None
