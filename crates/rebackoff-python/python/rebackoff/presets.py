"""Decorators ready for the usual cases: HTTP, rate limits, transient errors, polling.

Each of them is `on_exception` or `on_predicate` with its options filled in, and serves `def` and
`async def` alike. All tell what they do on the logger `backoff`: a wait as a warning, giving up as
an error.

    @http_retry(max_tries=5, max_time=60)
    def fetch(url):
        response = requests.get(url)
        response.raise_for_status()
        return response
"""

# options in a dict may hold `raise_on_giveup`, on which the type of a decorator depends
# mypy: disable-error-code="no-any-return,untyped-decorator"

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeVar

from rebackoff import constant, expo, full_jitter, http, on_exception, on_predicate
from rebackoff._http_errors import is_client_error, network_errors, seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

    from rebackoff._decorator import _Jitter, _MaxTime, _MaxTries
    from rebackoff._typing import Seconds

__all__ = [
    "RateLimitError",
    "ServerError",
    "TransientError",
    "http_retry",
    "log_backoff",
    "log_giveup",
    "log_success",
    "make_http_get",
    "poll_until_ready",
    "rate_limit_retry",
    "retry_after_hint",
    "retry_on_exception",
    "retry_on_predicate",
    "transient_retry",
]

_Target = TypeVar("_Target", bound="Callable[..., Any]")
_Value = TypeVar("_Value")


class TransientError(Exception):
    """An error that is expected to go away when the target is tried again."""


class ServerError(Exception):
    """A 5xx answer. `retry_after` is what its `Retry-After` header asked for, in seconds."""

    def __init__(self, *args: object, retry_after: float | None = None) -> None:
        super().__init__(*args)
        self.retry_after = retry_after


class RateLimitError(Exception):
    """An answer of the kind 429: too many requests.

    `retry_after` is the wait that the server asks for, in seconds, or None where it names none.
    The decorators of this module take it as a hint: they wait at least so long, and at most a tenth
    longer where their own wait is not, and give up when that would go past `max_time` or is more
    than five minutes.
    """

    def __init__(self, retry_after: float | None = None) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"rate limited (retry_after={self.retry_after})"


def retry_on_exception(
    *exceptions: type[Exception],
    max_tries: _MaxTries = 5,
    max_time: _MaxTime = None,
    base: float = 2,
    factor: Seconds = 1,
    jitter: _Jitter = full_jitter,
    giveup: Callable[[Any], Any] | None = None,
    log: bool = True,
) -> Callable[[_Target], _Target]:
    """Retries when the target raises one of `exceptions`, after factor·baseⁿ seconds, jittered.

    Ends after `max_tries` tries or `max_time` seconds, whichever comes first (None: no limit), or
    when `giveup(exception)` is true. `log=False` keeps it silent. An exception that asks for a
    wait of its own (see `retry_after_hint`) gets at least that.

    Raises `TypeError` when no exception is named, `ValueError` for a limit or wait that cannot be.

    >>> failures = iter([ConnectionError(), TimeoutError()])
    >>> @retry_on_exception(ConnectionError, TimeoutError, factor=0.001, log=False)
    ... def fetch():
    ...     for failure in failures:
    ...         raise failure
    ...     return "fetched"
    >>> fetch()
    'fetched'
    """
    if not exceptions:
        raise TypeError("retry_on_exception() needs one exception type at least, such as OSError")
    options: dict[str, Any] = _logging_options(log)
    if giveup is not None:
        options["giveup"] = giveup
    return on_exception(
        expo(base=base, factor=factor),
        exceptions,
        max_tries=max_tries,
        max_time=max_time,
        jitter=jitter,
        hint=retry_after_hint,
        **options,
    )


def retry_on_predicate(
    predicate: Callable[[Any], Any],
    max_tries: _MaxTries = 5,
    max_time: _MaxTime = None,
    base: float = 2,
    factor: Seconds = 1,
    jitter: _Jitter = full_jitter,
    log: bool = True,
) -> Callable[[_Target], _Target]:
    """Retries while `predicate(value)` is true of the returned value, after factor·baseⁿ seconds.

    When it gives up, the last value is returned. Limits and `log` are as in `retry_on_exception`.

    >>> states = iter(["pending", "pending", "done"])
    >>> poll = retry_on_predicate(lambda state: state == "pending", factor=0.001, log=False)
    >>> poll(lambda: next(states))()
    'done'
    """
    return on_predicate(
        expo(base=base, factor=factor),
        predicate,
        max_tries=max_tries,
        max_time=max_time,
        jitter=jitter,
        **_logging_options(log),
    )


def http_retry(
    max_tries: _MaxTries = 5,
    max_time: _MaxTime = 60,
) -> Callable[[_Target], _Target]:
    """Retries on the network and HTTP errors of requests, httpx, aiohttp and urllib.

    An error that carries a 4xx status other than 408, 425 and 429 is the caller's own fault and is
    raised at once; a `Retry-After` header of the answer is honoured. The errors of httpx and
    aiohttp are known when the program has imported them before it decorates.
    """
    return retry_on_exception(
        *network_errors(), max_tries=max_tries, max_time=max_time, giveup=is_client_error
    )


def rate_limit_retry(
    max_time: _MaxTime = 120,
    max_tries: _MaxTries = 10,
) -> Callable[[_Target], _Target]:
    """Retries on `RateLimitError`: after 2, 4, 8 … seconds with full jitter, or its `retry_after`.

    The wait is never below `retry_after`; one that goes past `max_time` is not begun.

    >>> @rate_limit_retry(max_time=60)
    ... def fetch():
    ...     raise RateLimitError(retry_after=3600)
    >>> fetch()
    Traceback (most recent call last):
    rebackoff.presets.RateLimitError: rate limited (retry_after=3600)
    """
    return retry_on_exception(RateLimitError, max_tries=max_tries, max_time=max_time, factor=2)


def transient_retry(
    max_tries: _MaxTries = 3, interval: Seconds = 1.0
) -> Callable[[_Target], _Target]:
    """Retries on any `Exception` after `interval` seconds, without jitter.

    >>> failures = iter([TransientError("a hiccup"), TransientError("another")])
    >>> @transient_retry(max_tries=3, interval=0.001)
    ... def write():
    ...     for failure in failures:
    ...         raise failure
    ...     return "written"
    >>> write()
    'written'
    """
    return on_exception(
        constant(interval=interval),
        Exception,
        max_tries=max_tries,
        jitter=None,
        hint=retry_after_hint,
        **_logging_options(True),
    )


def make_http_get(
    max_tries: _MaxTries = 5,
    max_time: _MaxTime = 60.0,
    retry_statuses: tuple[int, ...] = (429, 500, 502, 503, 504),
) -> Callable[..., requests.Response]:
    """A `get(url, **options)` like that of requests, which retries.

    It retries on lost connections, timeouts and the statuses in `retry_statuses`; `Retry-After`, in
    seconds or as a date, is honoured. `timeout` is 10 seconds unless given. When it gives up, a
    429 is raised as `RateLimitError` and any other of `retry_statuses` as `ServerError`; a further
    4xx or 5xx is raised at once as requests' `HTTPError`.
    """
    import requests

    @on_exception(
        expo,
        (
            requests.exceptions.ConnectionError,
            requests.exceptions.Timeout,
            RateLimitError,
            ServerError,
        ),
        max_tries=max_tries,
        max_time=max_time,
        hint=retry_after_hint,
        on_success=log_success,
        **_logging_options(True),
    )
    def get(url: str, **options: Any) -> requests.Response:
        response = requests.get(url, **{"timeout": 10, **options})
        if response.status_code in retry_statuses:
            retry_after = seconds_of(response.headers.get("Retry-After"))
            if response.status_code == 429:
                raise RateLimitError(retry_after)
            raise ServerError(f"HTTP {response.status_code}: {url}", retry_after=retry_after)
        response.raise_for_status()
        return response

    return get


def poll_until_ready(
    check_fn: Callable[[], _Value],
    predicate: Callable[[Any], Any] | None = None,
    max_tries: _MaxTries = 20,
    max_time: _MaxTime = 120.0,
) -> _Value:
    """Calls `check_fn()` until `predicate(value)` is false, and returns that value.

    Without a predicate it polls while the value is None. Waits are 1, 2, 4 … seconds with full
    jitter; the last value comes back when it gives up. With an `async def`, await the result.

    >>> poll_until_ready(lambda: "ready")
    'ready'
    """
    decorate = on_predicate(
        expo,
        predicate if predicate is not None else lambda value: value is None,
        max_tries=max_tries,
        max_time=max_time,
        **_logging_options(True),
    )
    return decorate(check_fn)()


def log_backoff(details: Mapping[str, Any]) -> None:
    """An `on_backoff` handler: a warning with the tries, the time elapsed, the wait and the cause."""
    _logger.warning(
        "%s failed on try %d, %.1fs elapsed, next try in %.2fs: %s",
        _name_of(details),
        details["tries"],
        details["elapsed"],
        details["wait"],
        _cause_of(details),
    )


def log_giveup(details: Mapping[str, Any]) -> None:
    """An `on_giveup` handler: an error with the tries, the time elapsed and the cause."""
    _logger.error(
        "%s gave up after %d tries, %.1fs elapsed: %s",
        _name_of(details),
        details["tries"],
        details["elapsed"],
        _cause_of(details),
    )


def log_success(details: Mapping[str, Any]) -> None:
    """An `on_success` handler: a line at level INFO when it took more than one try."""
    if details["tries"] > 1:
        _logger.info(
            "%s succeeded on try %d, %.1fs elapsed",
            _name_of(details),
            details["tries"],
            details["elapsed"],
        )


def retry_after_hint(error: BaseException) -> float | None:
    """The wait in seconds that an exception asks for, or None.

    It is the `retry_after` of `RateLimitError` and `ServerError`, or what `rebackoff.http.hint` reads
    in the headers of the answer that an exception of requests, httpx, aiohttp or urllib carries.
    """
    if isinstance(error, RateLimitError | ServerError):
        return seconds_of(error.retry_after)
    return http.hint(error)


_logger = logging.getLogger("backoff")


def _logging_options(log: bool) -> dict[str, Any]:
    # the handlers say more than the engine's own lines; logger=None keeps the event from being told twice
    if not log:
        return {"logger": None}
    return {"logger": None, "on_backoff": log_backoff, "on_giveup": log_giveup}


def _name_of(details: Mapping[str, Any]) -> str:
    target = details.get("target")
    return getattr(target, "__name__", None) or repr(target)


def _cause_of(details: Mapping[str, Any]) -> object:
    return details["exception"] if "exception" in details else details.get("value")
