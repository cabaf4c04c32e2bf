"""The transports of httpx and httpx2, which differ in the module of their classes."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from rebackoff import CircuitOpenError
from rebackoff._mistakes import mistake
from rebackoff.clients._retries import Retries

if TYPE_CHECKING:
    from typing_extensions import Self

Request = TypeVar("Request")
Response = TypeVar("Response")


class SyncTransport(Generic[Request, Response]):
    """Sends requests of a blocking client again, by the transport that it wraps."""

    def _wrap(self, transport: Any, retries: Retries, rejection: Any) -> None:
        send = _method(transport, "handle_request", "a transport of a blocking client")
        self._transport, self._rejection = transport, rejection
        self._send = retries.sync(send, lambda response: response.close())

    def handle_request(self, request: Request) -> Response:
        try:
            response: Response = self._send(request)
        except CircuitOpenError as error:
            rejection = self._rejection(str(error), error.retry_in)
        else:
            return response
        rejection.request = request
        raise rejection

    def close(self) -> None:
        self._transport.close()

    def __enter__(self) -> Self:
        self._transport.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._transport.__exit__(kind, error, traceback)


class AsyncTransport(Generic[Request, Response]):
    """Sends requests of an async client again, by the transport that it wraps."""

    def _wrap(self, transport: Any, retries: Retries, rejection: Any, late: Any) -> None:
        send = _method(transport, "handle_async_request", "a transport of an async client")
        self._transport, self._rejection, self._late = transport, rejection, late
        self._send = retries.asynchronous(send, lambda response: response.aclose())

    async def handle_async_request(self, request: Request) -> Response:
        try:
            response: Response = await self._send(request)
        except CircuitOpenError as error:
            failure = self._rejection(str(error), error.retry_in)
        except TimeoutError as error:
            failure = self._late(str(error))
        else:
            return response
        failure.request = request
        raise failure

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self._transport.__aexit__(kind, error, traceback)


def _method(transport: Any, name: str, rule: str) -> Any:
    method = getattr(transport, name, None)
    if not callable(method) or isinstance(transport, type):
        raise mistake(TypeError, "transport", rule, transport)
    return method
