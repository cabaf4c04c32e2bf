"""Retries in an adapter of requests.

    session = requests.Session()
    session.mount("https://", RetryAdapter(max_tries=5, breaker=rebackoff.Keyed(rebackoff.Breaker)))

The adapter sees each request of a chain of redirects by itself. The body of a response that is not streamed
is read within the try, so that a body that breaks off is a failure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter

import rebackoff
from rebackoff.clients._retries import Retries

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from rebackoff import _typed_options

__all__ = ["CircuitOpenError", "RetryAdapter"]


class CircuitOpenError(rebackoff.CircuitOpenError, requests.exceptions.ConnectionError):
    """A breaker rejects a request."""

    def __init__(
        self, message: str = "the circuit breaker is open", retry_in: float | None = None
    ) -> None:
        requests.exceptions.ConnectionError.__init__(self, message)
        self.args, self.retry_in = (message, retry_in), retry_in


class RetryAdapter(HTTPAdapter):
    """Sends requests again.

    Args:
        policy: A `rebackoff.Policy`, or a wait strategy as `rebackoff.on_exception` takes it. By default an `expo` of at most 30 seconds, with
            5 tries in 60 seconds.
        pool_connections: As in `HTTPAdapter`, and so are `pool_maxsize` and `pool_block`. There is no
            `max_retries`: urllib3's own retries would multiply the tries.
        options: `budget`, `breaker`, `hint`, `any_method`, `statuses`, `idempotency_key` and the options of
            `on_exception`. A guard is one for all requests, a `Keyed` with one for each host, or
            a function of the request.
    """

    __attrs__ = [*HTTPAdapter.__attrs__, "_parameters"]

    def __init__(
        self,
        policy: _typed_options.Pacing | None = None,
        *,
        pool_connections: int = 10,
        pool_maxsize: int = 10,
        pool_block: bool = False,
        **options: Unpack[_typed_options.Client],
    ) -> None:
        if "max_retries" in options:
            raise TypeError(
                "max_retries would multiply the tries: urllib3 retries below this adapter; "
                "use max_tries, which counts the first try, too"
            )
        self._parameters = (policy, options)
        self._set_retries()
        super().__init__(pool_connections, pool_maxsize, pool_block=pool_block)

    def _set_retries(self) -> None:
        policy, options = self._parameters
        retries = Retries(policy, errors=(requests.exceptions.RequestException,), **options)
        self._send = retries.sync(self._send_once, lambda response: response.close())

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._set_retries()

    def send(
        self, request: requests.PreparedRequest, stream: bool = False, *args: Any, **options: Any
    ) -> requests.Response:
        """Sends a request, up to as many times as the policy allows."""
        try:
            response: requests.Response = self._send(request, stream, args, options)
        except rebackoff.CircuitOpenError as error:
            rejection = error
        else:
            return response
        own = CircuitOpenError(str(rejection), rejection.retry_in)
        own.request = request
        raise own

    def _send_once(
        self,
        request: requests.PreparedRequest,
        stream: bool,
        args: tuple[Any, ...],
        options: dict[str, Any],
    ) -> requests.Response:
        response = super().send(request, stream, *args, **options)
        if not stream:
            # it is kept, and read here so that a body that breaks off is a failure of this try
            response.content  # noqa: B018
        return response
