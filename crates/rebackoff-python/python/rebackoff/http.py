"""Retries of HTTP requests: which failures are transient, and how long a server asks to wait.

It reads the responses and errors of requests, niquests, httpx, httpx2, aiohttp, urllib and urllib3, and
of what is built on them: openai, anthropic, botocore. `rebackoff.clients` retries inside a client.

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

A request is never sent again that may have had its effect. POST and PATCH are sent again only

- where the request was never sent: no connection could be made;
- where the server did not process it: status 421, 425, 429, 403 with a hint, or `x-should-retry: true`;
- where it has an `Idempotency-Key`. The key must be the one of the first try: a target that makes a
  key inside itself makes a new one for each try, which protects nothing. `with_idempotency_key` gives a
  call one key for all its tries.

The first request of a chain of redirects counts: a POST that is redirected to a GET stays a POST. Responses of
urllib do not show their redirects: a POST whose body is read after `urlopen` needs its `Request` in a variable of the
target, or `giveup=functools.partial(http.is_final, method="POST")`.

urllib3's own `Retry` below (`HTTPAdapter(max_retries=3)`, `urllib3.PoolManager()`), aiohttp's second
connection and the `max_retries` of openai, anthropic and botocore multiply the tries: 5 tries of a client
that makes 4 are 20 requests. Switch them off: `max_retries=0`, `retries=False`.

Recipes, each with `giveup=http.is_final, hint=http.hint`:

| service | errors | notes |
|---|---|---|
| GitHub | `http.errors()` | a 403 with `Retry-After` or a spent quota is transient |
| OpenAI | `openai.APIError` | `OpenAI(max_retries=0)`; `insufficient_quota` is permanent |
| Anthropic | `anthropic.APIError` | `Anthropic(max_retries=0)`; `statuses=http.STATUSES | {529}` adds "overloaded" |
| Stripe | `http.errors()` | `Stripe-Should-Retry` decides; send an `Idempotency-Key` |
| AWS | `botocore.exceptions.ClientError` | `Config(retries={"total_max_attempts": 1})`, and `any_method=True` for reads |
| gRPC | `grpc.RpcError` | `UNAVAILABLE` with `any_method=True`; pushback is a hint |
| Slack, Discord, Shopify, Okta, GitLab | `http.errors()` | their reset headers are read |

Nothing here raises, whatever a server sends.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from rebackoff._conditions import check_request as _check_request
from rebackoff._groups import is_group as _is_group
from rebackoff._groups import leaves as _leaves
from rebackoff._http_bodies import rewind as _rewind
from rebackoff._http_chain import IDEMPOTENT_METHODS
from rebackoff._http_chain import Request as _Request
from rebackoff._http_chain import chain as _chain
from rebackoff._http_chain import is_unsent as _is_unsent
from rebackoff._http_chain import kinds as _kinds
from rebackoff._http_chain import read as _read
from rebackoff._http_errors import (
    NetworkErrors,
    hint_of_headers,
    is_request_error,
    network_errors,
    order_of_headers,
    seconds_of,
)
from rebackoff._http_permanent import has_spent_its_quota as _has_spent_its_quota
from rebackoff._http_permanent import is_permanent as _is_permanent
from rebackoff._http_permanent import status_of_proxy as _status_of_proxy
from rebackoff._http_responses import headers_of as _headers_of
from rebackoff._http_responses import request_headers_of as _request_headers_of
from rebackoff._http_responses import request_method_of as _request_method_of
from rebackoff._http_responses import status_of as _status_of
from rebackoff._mistakes import mistake

__all__ = [
    "IDEMPOTENT_METHODS",
    "STATUSES",
    "UNPROCESSED",
    "errors",
    "hint",
    "is_final",
    "is_transient",
    "with_idempotency_key",
]

# the server says that it did not process the request
UNPROCESSED = frozenset({421, 425, 429})
STATUSES = frozenset({408, 500, 502, 503, 504}) | UNPROCESSED

_BROKEN_OFF = frozenset({"ChunkedEncodingError", "IncompleteRead", "ClientPayloadError"})

_Target = TypeVar("_Target", bound=Callable[..., Any])


def errors() -> NetworkErrors:
    """The errors that HTTP clients raise when a request fails.

    Clients that the program imports after a decoration count for the decorated function, too. In a plain
    `except` clause they are those that are imported by then.
    """
    return network_errors()


def hint(outcome: object) -> float | None:
    """The seconds that a response, or an error with one, asks to wait, for the option `hint`.

    An error with `retry_after` (seconds, a `timedelta`, or text as in the header) asks for that. Otherwise
    the headers are read, and of gRPC errors the trailing metadata: orders not to retry
    (`x-should-retry`, `stripe-should-retry`, a negative `grpc-retry-pushback-ms`), milliseconds
    (`retry-after-ms`, `x-ms-retry-after-ms`, `x-amz-retry-after`), `Retry-After`, then the resets of spent
    quotas (`RateLimit`, `RateLimit-Reset`, `X-RateLimit-Reset-After`, `X-RateLimit-Reset`, those of OpenAI
    and Anthropic). The first that makes sense holds.

    A time is a number of seconds, a duration (`1m30s`), a date of HTTP or RFC 3339, or a time since 1970.
    Dates are compared with the `Date` of the response. Of merged values, the largest holds.

    Returns None where the outcome asks for nothing or is malformed, and minus infinity where it orders
    not to retry. An `ExceptionGroup` asks for the longest wait in it, and an order not to retry holds.

    >>> class Response:
    ...     headers = {"retry-after": "120"}
    >>> hint(Response())
    120.0
    """
    if _is_group(outcome):
        hints = [one for one in map(hint, _leaves(outcome)) if one is not None]
        return -math.inf if -math.inf in hints else max(hints, default=None)
    for error in _chain(outcome):
        retry_after = _read(error, "retry_after")
        if retry_after is not None and isinstance(error, BaseException):
            seconds = _seconds(retry_after)
            if seconds is not None:
                return seconds
        pairs = _headers_of(error)
        if pairs:
            return hint_of_headers(pairs, time.time())
    return None


def _seconds(retry_after: object) -> float | None:
    try:
        return seconds_of(retry_after)
    except Exception:
        return None


def is_transient(
    outcome: object,
    *,
    method: str | None = None,
    any_method: bool = False,
    statuses: Collection[int] = STATUSES,
) -> bool:
    """Returns whether a second try of the request may succeed and does no harm.

    The failure is transient: the response has one of the `statuses`, or is a 403 with a hint, or the
    connection failed, or the try timed out. Certificates, wrong schemes and versions, illegal headers, the
    refusal of a proxy (407, 501), redirect loops and `insufficient_quota` are permanent. An order of the
    server (`x-should-retry`, `stripe-should-retry`) overrides its status.

    A second request does no harm where one of these holds:

    - its method is idempotent (GET, HEAD, OPTIONS, TRACE, PUT, DELETE);
    - it has an `Idempotency-Key`, which must be the same in each try;
    - it was never sent, or the response says that it was not processed (421, 425, 429);
    - `any_method` is true;
    - its method is unknown, and the response broke off while it was read, or the try timed out.

    A body that was read is rewound; where it cannot be, the request is final. So is one whose file only the
    target's variables or arguments still hold: requests reads the files of a form before it sends.

    All of this holds for each error of an `ExceptionGroup`, which `groups=True` retries as one.

    Args:
        outcome: A response, or an error. The errors that it wraps are looked at, too.
        method: The method of the request. Without it, the method is that of the first request
            of the outcome, as far as the outcome or the frames of its traceback have it.
        any_method: Whether the program can bear that any request is applied twice.
        statuses: The statuses that may pass.
    """
    _check_request(method=method, any_method=any_method, statuses=statuses)
    if _is_group(outcome):
        judge = functools.partial(
            is_transient, method=method, any_method=any_method, statuses=statuses
        )
        return all(map(judge, _leaves(outcome)))
    status = _status_of(outcome)
    pairs = next(filter(None, map(_headers_of, _chain(outcome))), [])
    order = order_of_headers(pairs)
    if order is False or _has_spent_its_quota(outcome):
        return False
    if status is None:
        status = _status_of_proxy(outcome)
        fails = status is None and not _is_permanent(outcome) and _is_request_error(outcome)
    else:
        fails = False
    is_limited = status == 403 and hint_of_headers(pairs, time.time()) is not None
    if not (fails or order or is_limited or (status is not None and status in statuses)):
        return False
    if any_method:
        return _rewind(outcome)
    is_unprocessed = bool(order) or is_limited or status in UNPROCESSED
    return (is_unprocessed or _is_repeatable(outcome, method)) and _rewind(outcome)


def is_final(
    outcome: object,
    *,
    method: str | None = None,
    any_method: bool = False,
    statuses: Collection[int] = STATUSES,
) -> bool:
    """Returns whether the request must not be sent again, for the option `giveup`: the opposite of `is_transient`."""
    return not is_transient(outcome, method=method, any_method=any_method, statuses=statuses)


# Decorators check the options that a `functools.partial` gives. Type checkers know no attribute of a function that is set later.
for _judge in (is_final, is_transient):
    _judge.check_options = _check_request  # type: ignore[attr-defined]


def with_idempotency_key(target: _Target) -> _Target:
    """Gives each call one `idempotency_key`, a UUID, that stays for all its tries.

    It stands above the decorator that retries. A key that the caller passes is kept.

        @http.with_idempotency_key
        @rebackoff.on_exception(rebackoff.expo, http.errors(), giveup=http.is_final, max_tries=5)
        def order(goods, *, idempotency_key):
            headers = {"Idempotency-Key": idempotency_key}
            requests.post(url, json=goods, headers=headers, timeout=5).raise_for_status()

    >>> @with_idempotency_key
    ... def order(*, idempotency_key):
    ...     return idempotency_key
    >>> order() != order(), order(idempotency_key="mine")
    (True, 'mine')
    """
    if isinstance(target, staticmethod | classmethod):
        return type(target)(with_idempotency_key(target.__func__))
    if not callable(target):
        raise mistake(TypeError, "a decorated target", "callable", target)
    from inspect import iscoroutinefunction

    def keyed(options: dict[str, Any]) -> dict[str, Any]:
        from uuid import uuid4

        return {"idempotency_key": str(uuid4()), **options}

    if iscoroutinefunction(target):

        @functools.wraps(target)
        async def call_async(*args: Any, **options: Any) -> Any:
            return await target(*args, **keyed(options))

        return call_async  # type: ignore[return-value]

    @functools.wraps(target)
    def call(*args: Any, **options: Any) -> Any:
        return target(*args, **keyed(options))

    return call  # type: ignore[return-value]


def _is_request_error(outcome: object) -> bool:
    return any(is_request_error(error) for error in _chain(outcome))


def _is_repeatable(outcome: object, method: str | None) -> bool:
    request = _Request(outcome)
    if request.is_first and (_is_unsent(outcome) or _status_of_proxy(outcome) is not None):
        return True
    if "idempotency-key" in request.headers | _request_headers_of(outcome):
        return True
    known = method or request.method or _request_method_of(outcome)
    if known is not None:
        return known.upper() in IDEMPOTENT_METHODS
    if _status_of(outcome) is not None:
        return False
    return any(
        isinstance(error, TimeoutError) or not _BROKEN_OFF.isdisjoint(_kinds(error))
        for error in _chain(outcome)
    )
