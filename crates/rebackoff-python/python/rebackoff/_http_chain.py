"""The errors that an error wraps, and the request that the frames of a client hold."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from email.message import Message
from types import FrameType, FunctionType, ModuleType
from typing import Any

# the packages whose frames and classes are trusted
CLIENTS = frozenset(
    "requests niquests urllib http httpx httpx2 httpcore httpcore2 aiohttp urllib3 urllib3_future "
    "openai anthropic botocore".split()
)
# what clients are built on
_BELOW = frozenset("builtins socket ssl asyncio anyio trio aiohappyeyeballs".split())
_MOST = 50
# RFC 9110, 9.2.2
IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})


def read(holder: object, name: str) -> Any:
    """An attribute, or None: httpx raises where it has no request."""
    try:
        return getattr(holder, name, None)
    except Exception:
        return None


def chain(outcome: object) -> Iterator[object]:
    """The outcome and the errors that it wraps, outermost first.

    An error that was only being handled when another one was raised is wrapped if a client
    caught it. One that the caller caught is another story.
    """
    seen: set[int] = set()
    queue: list[object] = [outcome]
    while queue and len(seen) < _MOST:
        error = queue.pop(0)
        if id(error) in seen:
            continue
        seen.add(id(error))
        yield error
        if isinstance(error, BaseException):
            args = error.args if isinstance(error.args, tuple) else ()
            wrapped = [error.__cause__, _handled(error), read(error, "reason"), *args]
            queue += [one for one in wrapped if isinstance(one, BaseException)]


def _handled(error: BaseException) -> BaseException | None:
    context = error.__context__
    if context is None or error.__suppress_context__ or context.__traceback__ is None:
        return None
    return context if root(context.__traceback__.tb_frame.f_globals) in CLIENTS | _BELOW else None


def root(names: dict[str, Any]) -> str:
    """The top-level package of a module, by its namespace."""
    return str(names.get("__name__", "")).partition(".")[0]


def kinds(error: object) -> set[str]:
    """The names of the error's classes that clients or the standard library define."""
    known = CLIENTS | _BELOW
    return {
        kind.__name__
        for kind in type(error).__mro__
        if str(kind.__module__).partition(".")[0] in known
    }


def frames(outcome: object) -> Iterator[FrameType]:
    """The frames through which the error and those that it wraps have come, outermost first."""
    for error in chain(outcome):
        traceback = error.__traceback__ if isinstance(error, BaseException) else None
        while traceback is not None:
            yield traceback.tb_frame
            traceback = traceback.tb_next


def is_below(frame: FrameType) -> bool:
    """Returns whether the frame is of a client, of what it is built on, or of a driver."""
    return root(frame.f_globals) in CLIENTS | _BELOW | {"rebackoff"}


class Request:
    """The request of the caller, the first of a chain of redirects.

    Attributes:
        method: Its method, or None where it is unknown.
        headers: The names of the headers that the frames of a client know.
        is_first: Whether no request of the call went out before the one that failed.
    """

    def __init__(self, outcome: object) -> None:
        self.method: str | None = None
        self.headers: set[str] = set()
        self.is_first = True
        for error in chain(outcome):
            for holder in (read(error, "response"), error):
                self._see_history(read(holder, "history"))
                self._see_retries(read(read(holder, "raw"), "retries"))
                self._see_retries(read(holder, "retries"))
        if isinstance(outcome, BaseException):
            tried = list(frames(outcome))
            readers = [frame.f_locals.get("self") for frame in tried]
            for frame in tried:
                if root(frame.f_globals) in CLIENTS:
                    self._see_frame(frame)
                else:
                    self._see_callers_requests(frame, readers)

    def _see_frame(self, frame: FrameType) -> None:
        names, function = frame.f_locals, frame.f_code.co_name
        itself = names.get("self")
        self._see_history(names.get("history"))
        self._see_history(read(itself, "history"))
        self._see_retries(read(itself, "retries"))
        if function in ("resolve_redirects", "http_error_302"):
            self.is_first = False
        if function == "urlopen":
            self._see_retries(names.get("retries"))
        for holder in (names, names.get("req"), names.get("request")):
            self.headers |= header_names(_item(holder, "headers"))
        # a response of urllib3 has the method in that of http.client
        held = (*map(names.get, ("method", "req", "request")), itself, read(itself, "_fp"))
        for holder in held:
            self.method = self.method or method_of(holder)

    def _see_callers_requests(self, frame: FrameType, readers: list[object]) -> None:
        """Takes a request that the client's own frames do not hold.

        A response of urllib knows the last of the redirects only: the caller's request is taken that is not
        idempotent. A stream of aiohttp knows no request: the response is taken whose stream broke off.
        """
        values = list(frame.f_locals.values())
        for value in (*values, *_attributes(values)):
            if is_request(value):
                method = method_of(value)
                if method is not None and method.upper() not in IDEMPOTENT_METHODS:
                    self.method = self.method or method
            elif _is_streamed_by(value, readers):
                self._see_history(read(value, "history"))
                self.method = self.method or method_of(value)

    def _see_history(self, history: object) -> None:
        """Takes the first of the responses that led here by redirects."""
        # urllib3 calls the requests that it repeated a history, too: they are no responses
        if isinstance(history, list | tuple) and history and read(history[0], "headers"):
            self.is_first = False
            first = history[0]
            request = read(first, "request")
            method = method_of(request) or method_of(first)
            self.method = self.method or method

    def _see_retries(self, retries: object) -> None:
        """Takes the requests that urllib3 repeated, or led elsewhere, by its own `Retry`."""
        history = read(retries, "history")
        if not isinstance(history, tuple) or not history:
            return
        # urllib3 notes the GET to which a 303 leads, whatever the method was
        was_changed = read(history[0], "status") == 303
        self.method = self.method or ("POST" if was_changed else method_of(history[0]))
        if any(read(one, "error") is None or not is_unsent(one.error) for one in history):
            self.is_first = False


def _attributes(values: list[object]) -> Iterator[object]:
    """The attributes of the caller's objects, such as a client that keeps its response."""
    for value in values:
        attributes = read(value, "__dict__")
        if type(attributes) is dict and not isinstance(value, type | ModuleType | FunctionType):
            yield from list(attributes.values())[:_MOST]


def _is_streamed_by(value: object, readers: list[object]) -> bool:
    """Returns whether the value is a response of aiohttp, whose stream is one of the readers."""
    if not str(type(value).__module__).startswith("aiohttp."):
        return False
    stream = read(value, "content")
    return stream is not None and any(stream is reader for reader in readers)


def is_request(value: object) -> bool:
    """Returns whether the value is a request of urllib."""
    return any(
        kind.__module__ == "urllib.request" and kind.__name__ == "Request"
        for kind in type(value).__mro__
    )


def _item(holder: object, name: str) -> Any:
    return holder.get(name) if isinstance(holder, Mapping) else read(holder, name)


def header_names(headers: object) -> set[str]:
    """The names in a mapping of headers, in lower case."""
    if not isinstance(headers, Mapping | Message):
        return set()
    return {str(name).lower() for name in headers}


def method_of(holder: object) -> str | None:
    """The method of a request, a response or a connection; a word is a method itself."""
    if isinstance(holder, str):
        return holder
    for name in ("method", "_method", "_request_method"):
        method = read(holder, name)
        if isinstance(method, str):
            return method
    if inspect.ismethod(read(holder, "get_method")):
        try:
            method = holder.get_method()  # type: ignore[union-attr]
        except Exception:
            return None
        return method if isinstance(method, str) else None
    request = read(holder, "request") or read(holder, "_request")
    return None if request is None or request is holder else _plain_method(request)


def _plain_method(request: object) -> str | None:
    method = read(request, "method")
    return method if isinstance(method, str) else None


_UNSENT = frozenset(
    {
        "ConnectTimeout",
        "ConnectError",
        "PoolTimeout",
        "ProxyError",
        "ClientConnectorError",
        "ClientHttpProxyError",
        "ConnectionTimeoutError",
        "ConnectionRefusedError",
        "gaierror",
        "NewConnectionError",
        "ConnectTimeoutError",
        "EmptyPoolError",
        "EndpointConnectionError",
        "ProxyConnectionError",
    }
)


def is_unsent(outcome: object) -> bool:
    """Returns whether no connection was made for the request that failed."""
    if any(not _UNSENT.isdisjoint(kinds(error)) for error in chain(outcome)):
        return True
    known = CLIENTS | _BELOW
    return any(
        frame.f_code.co_name == "create_connection" and root(frame.f_globals) in known
        for frame in frames(outcome)
    )
