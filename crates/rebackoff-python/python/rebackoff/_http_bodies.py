"""The bodies of requests: those that can be read once are rewound, or the request is final."""

from __future__ import annotations

import inspect
import io
from collections.abc import Mapping
from typing import Any

from rebackoff._http_chain import CLIENTS, chain, frames, read, root
from rebackoff._http_responses import requests_of


def rewind(outcome: object) -> bool:
    """Rewinds the body of the request. Returns False where a second try would send another one."""
    bodies = [body for error in chain(outcome) for body in _bodies(error)]
    if not bodies and isinstance(outcome, BaseException):
        bodies = _bodies_of_frames(outcome)
    if not bodies and _is_streamed(outcome):
        return False
    return _rewind_all(bodies)


def rewind_request(request: object) -> bool:
    """Rewinds the body of a request of requests or httpx."""
    return _rewind_all(_bodies_of_request(request))


def _rewind_all(bodies: list[tuple[Any, Any]]) -> bool:
    rewound = [_rewind(body, start) for body, start in bodies]
    return all(rewound)


def _is_streamed(outcome: object) -> bool:
    """Returns whether the client wrote a body without knowing its length, so that it read it once."""
    for request in requests_of(outcome):
        headers = read(request, "headers")
        if isinstance(headers, Mapping) and "Transfer-Encoding" in headers:
            return True
    return False


def _bodies(error: object) -> list[tuple[Any, Any]]:
    for holder in (error, read(error, "response")):
        request = read(holder, "request")
        if request is not None:
            return _bodies_of_request(request)
    return []


def _bodies_of_request(request: object) -> list[tuple[Any, Any]]:
    """The bodies, each with the position where it began: None where that is unknown."""
    stream = read(request, "stream")
    if stream is not None and not callable(stream):
        return _bodies_of_stream(stream)
    return [(read(request, "body"), read(request, "_body_position"))]


def _bodies_of_stream(stream: object) -> list[tuple[Any, Any]]:
    """The bodies in a stream of httpx, which reads a file from its beginning."""
    if read(stream, "_is_stream_consumed") is False:
        return []
    fields = read(stream, "fields")
    if isinstance(fields, list):
        return [(read(field, "file"), 0) for field in fields]
    return [(read(stream, "_stream"), 0)]


def _bodies_of_frames(error: BaseException) -> list[tuple[Any, Any]]:
    raw: list[tuple[Any, Any]] = []
    for frame in frames(error):
        if root(frame.f_globals) not in CLIENTS:
            continue
        names = frame.f_locals
        for request in (names.get("request"), names.get("prep")):
            if read(request, "_body_position") is not None or read(request, "stream") is not None:
                return _bodies_of_request(request)
        sent = (names.get("data"), names.get("body")) if "method" in names else ()
        for body in (*sent, read(names.get("req"), "data")):
            if body is not None:
                raw.append((body, None))
    return raw[:1]


def _rewind(body: Any, start: Any) -> bool:
    if isinstance(body, io.IOBase) and body.closed:
        # each try opens its own file: a closed one cannot be sent as an empty one
        return True
    if inspect.isgenerator(body):
        return inspect.getgeneratorstate(body) == inspect.GEN_CREATED
    if inspect.isasyncgen(body):
        return body.ag_frame is not None and body.ag_frame.f_lasti < 0
    if hasattr(body, "read") or hasattr(body, "aread"):
        return _seek(body, start)
    return not hasattr(body, "__next__") and not hasattr(body, "__anext__")


def _seek(body: Any, start: Any) -> bool:
    if inspect.iscoroutinefunction(read(body, "seek")):
        return False
    if not isinstance(start, int):
        return False
    try:
        body.seek(start)
    except Exception:
        return False
    return True
