"""Decorators ready for the usual cases: HTTP, rate limits, transient errors, polling.

Each of them is `on_exception` or `on_predicate` with its options filled in, serves `def` and `async def`
alike, and takes every further option of that decorator. All log on the logger `backoff`: a wait as a
warning, giving up as an error.

    @http_retry(max_tries=5, max_time=60, breaker=breaker)
    def fetch(url):
        response = requests.get(url)
        response.raise_for_status()
        return response
"""

# options in a dict may hold `raise_on_giveup`, on which the type of a decorator depends
# mypy: disable-error-code="no-any-return,untyped-decorator"

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, cast, overload

from rebackoff import (
    _instrumented,
    constant,
    expo,
    full_jitter,
    http,
    on_exception,
    on_predicate,
)
from rebackoff._conditions import check_flags, check_request, check_statuses, either
from rebackoff._http_chain import Request
from rebackoff._http_permanent import is_permanent_status
from rebackoff._http_responses import request_method_of
from rebackoff._mistakes import mistake, shown
from rebackoff._option_table import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests
    from typing_extensions import Unpack

    from rebackoff import _typed_options
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
_Options = ParamSpec("_Options")

_TRANSIENT_STATUSES = frozenset(
    status for status in range(400, 600) if not is_permanent_status(status)
)


class _Preset(Protocol[_Options]):
    """A decorator with or without parentheses."""

    @overload
    def __call__(self, target: _Target, /) -> _Target: ...
    @overload
    def __call__(
        self, *args: _Options.args, **options: _Options.kwargs
    ) -> Callable[[_Target], _Target]: ...


def _preset(make: Callable[_Options, Callable[[Any], Any]]) -> _Preset[_Options]:
    """Lets a preset decorate without parentheses: a lone function is the target."""

    @functools.wraps(make)
    def decorate(*args: Any, **options: Any) -> Any:
        if len(args) == 1 and not options and callable(args[0]):
            if isinstance(args[0], type) and issubclass(args[0], BaseException):
                name, kind = make.__name__, args[0].__name__
                raise TypeError(
                    f"{name}() names no exception classes, but it is given {kind}; retry_on_exception() and on_exception() do"
                )
            return make()(args[0])  # type: ignore[call-arg]
        return make(*args, **options)

    return cast("_Preset[_Options]", decorate)


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
    **options: Unpack[_typed_options.Raising],
) -> Callable[[_Target], _Target]:
    """Retries when the target raises one of `exceptions`, after factor·baseⁿ seconds, jittered.

    Ends after `max_tries` tries or `max_time` seconds, whichever comes first (None: no limit), or
    when `giveup(exception)` is true. `log=False` keeps it silent. An exception that asks for a
    wait of its own (see `retry_after_hint`) gets at least that. Further options are those of
    `on_exception`.

    Raises `TypeError` when no exception is named, or when something else is named, `ValueError` for a limit or wait that cannot be.

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
    for kind in exceptions:
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise TypeError(
                f"retry_on_exception() takes exception types, such as OSError, but one is {shown(kind)}"
            )
    return _retry(
        exceptions,
        max_tries=max_tries,
        max_time=max_time,
        base=base,
        factor=factor,
        jitter=jitter,
        giveup=giveup,
        log=log,
        **options,
    )


def _retry(
    exceptions: tuple[type[BaseException], ...],
    *,
    base: float = 2,
    factor: Seconds = 1,
    giveup: Callable[[Any], Any] | None = None,
    log: bool = True,
    **options: Any,
) -> Callable[[_Target], _Target]:
    if giveup is not None:
        options["giveup"] = giveup
    return on_exception(
        expo(base=base, factor=factor),
        exceptions,
        **{"hint": retry_after_hint, **_with_logging(options, log)},
    )


def retry_on_predicate(
    predicate: Callable[[Any], Any],
    max_tries: _MaxTries = 5,
    max_time: _MaxTime = None,
    base: float = 2,
    factor: Seconds = 1,
    jitter: _Jitter = full_jitter,
    log: bool = True,
    **options: Unpack[_typed_options.Polling],
) -> Callable[[_Target], _Target]:
    """Retries while `predicate(value)` is true of the returned value, after factor·baseⁿ seconds.

    When it gives up, the last value is returned. Limits and `log` are as in `retry_on_exception`;
    further options are those of `on_predicate`.

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
        **_with_logging(options, log),
    )


@_preset
def http_retry(
    max_tries: _MaxTries = 5,
    max_time: _MaxTime = 60,
    *,
    method: str | None = None,
    any_method: bool = False,
    giveup: Callable[[Any], Any] | None = None,
    **options: Unpack[_typed_options.Spread],
) -> Callable[[_Target], _Target]:
    """Retries on the network and HTTP errors of the clients that `rebackoff.http` knows.

    A POST or PATCH is sent again only where that does no harm (see `rebackoff.http.is_transient`): it was
    never sent, the server did not process it (421, 425, 429), it has an `Idempotency-Key`, or `any_method`
    is true. A request whose method neither `method` nor the error tells is retried.

    4xx statuses other than 408, 421, 425 and 429, 501 and its kind, certificates, wrong addresses and
    redirect loops are permanent: the error is raised at once. Hints of the answer are honoured. Clients
    that are imported later count, too. Further options are those of `retry_on_exception`.

    It works without parentheses: `@http_retry`.
    """

    check_request(method=method, any_method=any_method)

    def is_final(error: BaseException, /, *args: Any, **kwargs: Any) -> bool:
        known = method or Request(error).method or request_method_of(error) or "GET"
        return http.is_final(
            error, method=known, any_method=any_method, statuses=_TRANSIENT_STATUSES
        )

    condition = is_final if giveup is None else either(is_final, giveup)
    return _retry(
        http.errors(), max_tries=max_tries, max_time=max_time, giveup=condition, **options
    )


@_preset
def rate_limit_retry(
    max_time: _MaxTime = 120,
    max_tries: _MaxTries = 10,
    **options: Unpack[_typed_options.Conditional],
) -> Callable[[_Target], _Target]:
    """Retries on `RateLimitError`: after 2, 4, 8 … seconds with full jitter, or its `retry_after`.

    The wait is never below `retry_after`; one that goes past `max_time` is not begun. Further options are
    those of `retry_on_exception`. It works without parentheses.

    >>> @rate_limit_retry(max_time=60)
    ... def fetch():
    ...     raise RateLimitError(retry_after=3600)
    >>> fetch()
    Traceback (most recent call last):
    rebackoff.presets.RateLimitError: rate limited (retry_after=3600)
    """
    given: dict[str, Any] = {"factor": 2, **options}
    return _retry((RateLimitError,), max_tries=max_tries, max_time=max_time, **given)


@_preset
def transient_retry(
    max_tries: _MaxTries = 3, interval: Seconds = 1.0, **options: Unpack[_typed_options.Constant]
) -> Callable[[_Target], _Target]:
    """Retries on any `Exception` after `interval` seconds, without jitter.

    Further options are those of `on_exception`. It works without parentheses.

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
        **{"jitter": None, "hint": retry_after_hint, **_with_logging(options)},
    )


def make_http_get(
    max_tries: _MaxTries = 5,
    max_time: _MaxTime = 60.0,
    retry_statuses: tuple[int, ...] = (429, 500, 502, 503, 504),
    **options: Unpack[_typed_options.Conditional],
) -> Callable[..., requests.Response]:
    """A `get(url, **options)` like that of requests, which retries.

    It retries on lost connections, timeouts and the statuses in `retry_statuses`; the hints that
    `rebackoff.http.hint` reads are honoured. Further options are those of `on_exception`. `timeout` is 10 seconds unless given. When it gives up, a
    429 is raised as `RateLimitError` and any other of `retry_statuses` as `ServerError`; a further
    4xx or 5xx is raised at once as requests' `HTTPError`.
    """
    import requests

    check_statuses("retry_statuses", retry_statuses)

    @on_exception(
        expo,
        (
            requests.exceptions.ConnectionError,
            requests.exceptions.Timeout,
            requests.exceptions.ChunkedEncodingError,
            RateLimitError,
            ServerError,
        ),
        max_tries=max_tries,
        max_time=max_time,
        **{
            "giveup": _is_permanent,
            "hint": retry_after_hint,
            "on_success": log_success,
            **_with_logging(options),
        },
    )
    def get(url: str, **arguments: Any) -> requests.Response:
        response = requests.get(url, **{"timeout": 10, **arguments})
        if response.status_code in retry_statuses:
            retry_after = http.hint(response)
            if response.status_code == 429:
                raise RateLimitError(retry_after)
            raise ServerError(f"HTTP {response.status_code}: {url}", retry_after=retry_after)
        response.raise_for_status()
        return response

    return get


def _is_permanent(error: BaseException) -> bool:
    if isinstance(error, RateLimitError | ServerError):
        return False
    return http.is_final(error, method="GET")


def poll_until_ready(
    check_fn: Callable[[], _Value],
    predicate: Callable[[Any], Any] | None = None,
    max_tries: _MaxTries = 20,
    max_time: _MaxTime = 120.0,
    **options: Unpack[_typed_options.Polling],
) -> _Value:
    """Calls `check_fn()` until `predicate(value)` is false, and returns that value.

    Without a predicate it polls while the value is None. Waits are 1, 2, 4 … seconds with full
    jitter; the last value comes back when it gives up. With an `async def`, await the result. Further
    options are those of `on_predicate`.

    >>> poll_until_ready(lambda: "ready")
    'ready'
    """
    if not callable(check_fn):
        raise mistake(TypeError, "check_fn", "callable", check_fn)
    decorate = on_predicate(
        expo,
        predicate if predicate is not None else lambda value: value is None,
        max_tries=max_tries,
        max_time=max_time,
        **_with_logging(options),
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
    """The wait in seconds that an exception asks for, or None; minus infinity is an order to stop.

    It is the `retry_after` of the exception, or what `rebackoff.http.hint` reads in the headers of the answer
    that it carries.
    """
    return http.hint(error)


_logger = logging.getLogger("backoff")


def _with_logging(options: Mapping[str, Any], log: bool = True) -> dict[str, Any]:
    # the handlers say more than the engine's own lines; logger=None keeps the event from being told twice
    check_flags(log=log)
    logged: dict[str, Any] = {"logger": None, **options}
    if log and "logger" not in options:
        for event, handler in (("on_backoff", _log_backoff), ("on_giveup", _log_giveup)):
            others = OPTIONS[event].check(event, options.get(event))
            is_logged = any(getattr(one, "replaces_records", False) is True for one in others)
            logged[event] = others if is_logged else (handler, *others)
    return logged


def _log_backoff(details: Mapping[str, Any]) -> None:
    if not _instrumented.replaces_records:
        log_backoff(details)


def _log_giveup(details: Mapping[str, Any]) -> None:
    if not _instrumented.replaces_records:
        log_giveup(details)


def _name_of(details: Mapping[str, Any]) -> str:
    name = details.get("name")
    if isinstance(name, str):
        return name
    if "target" not in details:
        return "retry_context"
    target = details["target"]
    return getattr(target, "__name__", None) or repr(target)


def _cause_of(details: Mapping[str, Any]) -> object:
    return details["exception"] if "exception" in details else details.get("value")
