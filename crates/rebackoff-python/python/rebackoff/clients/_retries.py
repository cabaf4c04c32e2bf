"""The retries that all clients share: which outcomes are failures, and whose guards pay for them."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Collection
from typing import Any
from urllib.parse import urlsplit

from rebackoff import Breaker, Budget, CircuitOpenError, Keyed, expo, http, on_exception
from rebackoff._callables import refuses
from rebackoff._conditions import check_flags, check_policy, check_statuses, either
from rebackoff._http_bodies import rewind_request
from rebackoff._http_chain import read
from rebackoff._mistakes import mistake

Guard = Any
_PORTS = {"http": 80, "https": 443}
_DEFAULTS = {"max_tries": 5, "max_time": 60}


class FailedResponse(Exception):
    """A response that asks for another try. Handlers and logs see it; callers get the response."""

    def __init__(self, request: Any, response: Any, status: int) -> None:
        super().__init__(f"{request.method} {request.url}: status {status}")
        self.request, self.response, self.status = request, response, status


class Retries:
    """The policy of a client, with its guards.

    Args:
        policy: A `rebackoff.Policy`, or a wait strategy as `on_exception` takes it. By default an
            `expo` of at most 30 seconds.
        errors: The errors of the client.
        budget: Pays for retries: a `Budget`, a `Keyed` with one for each host, or a function of the request.
        breaker: Says whether to send at all: a `Breaker`, a `Keyed` with one for each host, or a function of
            the request.
        hint: As in `on_exception`; by default `rebackoff.http.hint`.
        any_method: Whether requests of every method may be sent twice.
        statuses: The statuses that may pass.
        idempotency_key: Whether a POST or PATCH without an `Idempotency-Key` gets one, which stays for all
            its tries. The server must know the header.
        options: Further options of `on_exception`. `max_tries` is 5 and `max_time` is 60 where no policy is
            given.
    """

    def __init__(
        self,
        policy: Any = None,
        *,
        errors: tuple[type[Exception], ...],
        budget: Budget | Keyed[Budget] | Callable[[Any], Budget | None] | None = None,
        breaker: Breaker | Keyed[Breaker] | Callable[[Any], Breaker | None] | None = None,
        hint: Callable[[Any], Any] | None = http.hint,
        any_method: bool = False,
        statuses: Collection[int] = http.STATUSES,
        idempotency_key: bool = False,
        **options: Any,
    ) -> None:
        if policy is not None:
            check_policy(policy)
        check_statuses("statuses", statuses)
        check_flags(any_method=any_method, idempotency_key=idempotency_key)
        if not options.get("raise_on_giveup", True):
            rule = "True in a client, which returns a response or raises"
            raise mistake(ValueError, "raise_on_giveup", rule, options["raise_on_giveup"])
        defaults: dict[str, Any] = _DEFAULTS if policy is None else {}
        self.breaker = _for_request(breaker)
        self.any_method, self.statuses = any_method, statuses
        self.idempotency_key = idempotency_key
        self._decorate: Callable[[Any], Any] = on_exception(
            expo(max_value=30) if policy is None else policy,
            (*errors, FailedResponse),
            **{
                **defaults,
                "counts": self._counts,
                **options,
                "giveup": self._giveup(options.get("giveup")),
                "hint": hint,
                "budget": _for_request(budget),
                "breaker": self.breaker,
            },
        )

    def sync(self, send: Callable[..., Any], close: Callable[[Any], Any]) -> Callable[..., Any]:
        """`send`, which takes a request and returns a response, with retries."""

        def try_once(request: Any, left: list[Any], *more: Any) -> Any:
            while left:
                close(left.pop())
            return self._checked(request, send(request, *more), left)

        # in records and metrics, a try has the name of what sends
        decorated = self._decorate(functools.update_wrapper(try_once, send, updated=()))

        def send_with_retries(request: Any, *more: Any) -> Any:
            self._prepare(request)
            left: list[Any] = []
            try:
                return decorated(request, left, *more)
            except FailedResponse as failed:
                return failed.response
            except BaseException:
                while left:
                    close(left.pop())
                raise

        return send_with_retries

    def asynchronous(
        self, send: Callable[..., Awaitable[Any]], close: Callable[[Any], Awaitable[Any]]
    ) -> Callable[..., Awaitable[Any]]:
        """`sync` for a `send` and a `close` that are awaited."""

        async def try_once(request: Any, left: list[Any], *more: Any) -> Any:
            while left:
                await close(left.pop())
            return self._checked(request, await send(request, *more), left)

        # in records and metrics, a try has the name of what sends
        decorated = self._decorate(functools.update_wrapper(try_once, send, updated=()))

        async def send_with_retries(request: Any, *more: Any) -> Any:
            self._prepare(request)
            left: list[Any] = []
            try:
                return await decorated(request, left, *more)
            except FailedResponse as failed:
                return failed.response
            except BaseException:
                while left:
                    await close(left.pop())
                raise

        return send_with_retries

    def _prepare(self, request: Any) -> None:
        is_wanted = self.idempotency_key and request.method.upper() in ("POST", "PATCH")
        if is_wanted and "idempotency-key" not in request.headers:
            from uuid import uuid4

            request.headers["Idempotency-Key"] = str(uuid4())

    def _checked(self, request: Any, response: Any, left: list[Any]) -> Any:
        """The response, or an error that asks for another try."""
        status = _status(response)
        if not (status in self.statuses or status >= 400):
            return response
        failed = FailedResponse(request, response, status)
        is_failure = status >= 500 or http.is_transient(
            failed, any_method=True, statuses=self.statuses
        )
        if not is_failure:
            return response
        left.append(response)
        raise failed

    def _giveup(self, other: Callable[[Any], Any] | None) -> Any:
        def is_final(error: Exception, request: Any, *_: Any) -> bool:
            any_method = self.any_method or "idempotency-key" in request.headers
            is_over = http.is_final(
                error, method=request.method, any_method=any_method, statuses=self.statuses
            )
            return is_over or not _is_body_left(request)

        if other is None:
            return is_final
        if callable(other) and refuses(other, 1):
            raise mistake(TypeError, "giveup", "a function of the error", other)
        return either(is_final, other)

    def _counts(self, outcome: Any) -> bool | None:
        """The health of the host: True for a failure. A refusal to serve too many requests is neutral."""
        if isinstance(outcome, FailedResponse):
            return True if outcome.status >= 500 or outcome.status == 408 else None
        if isinstance(outcome, CircuitOpenError):
            return None
        if isinstance(outcome, Exception):
            return True if http.is_transient(outcome, any_method=True) else None
        return False


def host_of(request: Any) -> str:
    """The key of a request for `Keyed` guards: host and port."""
    url = urlsplit(str(request.url))
    port = url.port if url.port is not None else _PORTS.get(url.scheme)
    return f"{url.hostname}:{port}"


def _for_request(guard: Guard) -> Guard:
    """The option of `on_exception`, which asks with the arguments of a try."""
    if isinstance(guard, Keyed):
        return lambda request, *_: guard[host_of(request)]
    if callable(guard):
        return lambda request, *_: guard(request)
    return guard


def _is_body_left(request: Any) -> bool:
    """Returns whether the body can be sent once more; aiohttp rewinds files by itself."""
    if read(read(request, "body"), "consumed") is True:
        return False
    return rewind_request(request) or read(read(request, "body"), "consumed") is False


def _status(response: Any) -> int:
    status = read(response, "status_code")
    return int(response.status if status is None else status)
