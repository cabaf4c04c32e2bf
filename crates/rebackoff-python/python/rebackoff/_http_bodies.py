"""The bodies of requests: those that can be read once are rewound, or the request is final."""

from __future__ import annotations

import inspect
import io
from collections.abc import Iterator, Mapping
from itertools import islice
from types import FrameType
from typing import Any

from rebackoff._http_chain import CLIENTS, chain, frames, read, root
from rebackoff._http_responses import requests_of

# files={"a": ("name", file)}, in the keywords of a call
_DEPTH = 4
_MOST_ITEMS = 20


def rewind(outcome: object) -> bool:
    """Rewinds the body of the request. Returns False where a second try would send another one."""
    bodies = [body for error in chain(outcome) for body in _bodies(error)]
    if not bodies and isinstance(outcome, BaseException):
        bodies = _bodies_of_frames(outcome)
    if not bodies and _is_streamed(outcome):
        return False
    if _has_read_a_file(outcome):
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


def _has_read_a_file(outcome: object) -> bool:
    """Returns whether the client read an open file that the request does not hold any more.

    requests reads the files of a form before it sends, and errors of aiohttp have no body. The next try
    would send such a file from where the first one left it.
    """
    if not any(_may_be_of_a_file(request) for request in requests_of(outcome)):
        return False
    values = [value for frame in frames(outcome) for value in _values(frame)]
    return any(_is_partly_read(value) for value in values)


def _may_be_of_a_file(request: object) -> bool:
    body = read(request, "body")
    if isinstance(body, bytes):
        return b"; filename=" in body and b"form-data" in body
    headers = read(request, "headers")
    is_hidden = body is None and not hasattr(request, "stream")
    return is_hidden and isinstance(headers, Mapping) and "Content-Length" in headers


def _values(frame: FrameType) -> Iterator[object]:
    """The variables that a frame uses, with the items of collections and the attributes of `self`."""
    names, code = frame.f_locals, frame.f_code
    held = [*names.values(), *(frame.f_globals.get(name) for name in code.co_names)]
    owner = read(names.get("self"), "__dict__")
    held += owner.values() if isinstance(owner, dict) else ()
    for _ in range(_DEPTH):
        yield from held
        held = [item for value in held for item in _items(value)]


def _items(value: object) -> Iterator[object]:
    if type(value) is dict:
        return islice(list(value.values()), _MOST_ITEMS)
    return islice(value, _MOST_ITEMS) if type(value) in (list, tuple) else iter(())  # type: ignore[call-overload,no-any-return]


def _is_partly_read(value: object) -> bool:
    try:
        return (
            isinstance(value, io.IOBase)
            and not value.closed
            and value.readable()
            and not value.isatty()
            and value.tell() > 0
        )
    except Exception:
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
        return _bodies_of_stream(stream, read(request, "headers"))
    return [(read(request, "body"), read(request, "_body_position"))]


def _bodies_of_stream(stream: object, headers: object) -> list[tuple[Any, Any]]:
    """The bodies in a stream of httpx: it reads a field's file from the beginning, a lone one from its position."""
    if read(stream, "_is_stream_consumed") is False:
        return []
    fields = read(stream, "fields")
    if isinstance(fields, list):
        return [(read(field, "file"), 0) for field in fields]
    body = read(stream, "_stream")
    return [(body, _start_of(body, headers))]


def _start_of(body: Any, headers: object) -> int | None:
    """The position of a file from which so many bytes are left as the request has."""
    if not hasattr(body, "seek") or inspect.iscoroutinefunction(body.seek):
        return None
    try:
        length = int(headers["Content-Length"])  # type: ignore[index]
        start = int(body.seek(0, io.SEEK_END)) - length
    except Exception:
        return None
    return start if start >= 0 else None


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
    return [part for body in raw[:1] for part in _parts(*body)]


def _parts(body: Any, start: Any) -> list[tuple[Any, Any]]:
    """The bodies in a payload of aiohttp, which knows where it began to read; others as they are."""
    if not str(type(body).__module__).startswith("aiohttp."):
        return [(body, start)]
    parts = read(body, "_parts")
    payloads = [part[0] for part in parts] if isinstance(parts, list) else [body]
    return [_of_payload(payload) for payload in payloads]


def _of_payload(payload: Any) -> tuple[Any, Any]:
    value, start = read(payload, "_value"), read(payload, "_start_position")
    if start is None and isinstance(value, io.IOBase) and not value.closed and value.seekable():
        start = value.tell()  # it was not read
    return value, start


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
