"""The bodies of requests: those that can be read once are rewound, or the request is final."""

from __future__ import annotations

import inspect
import io
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from types import FrameType, FunctionType, ModuleType
from typing import Any

from rebackoff._callables import refuses
from rebackoff._http_chain import CLIENTS, Request, chain, frames, is_below, is_request, read, root
from rebackoff._http_responses import requests_of

# files={"a": ("name", file)}, in the keywords of a call, or in an attribute of an argument
_DEPTH = 4
_MOST_ITEMS = 20
_MOST_VALUES = 2000
_MOST_FRAMES = 20
# of methods and partials
_BOUND = ("__self__", "func", "args", "keywords")
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "DELETE"})


def rewind(outcome: object) -> bool:
    """Rewinds the body of the request. Returns False where a second try would send another one."""
    bodies = [body for error in chain(outcome) for body in _bodies(error)]
    if not bodies and isinstance(outcome, BaseException):
        bodies = _bodies_of_frames(outcome)
    if not bodies and _is_streamed(outcome):
        return False
    if _has_read_another(outcome, {id(body) for body, _ in bodies}):
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


def _has_read_another(outcome: object, known: set[int]) -> bool:
    """Returns whether the client read an open file, or an iterator, that the request does not hold any more.

    requests reads the files of a form before it sends, errors of aiohttp have no body, and an error that comes
    while a response is read has no request. The next try would send the rest of it.
    """
    requests = list(requests_of(outcome))
    if requests:
        may_be = any(_may_be_of_a_file(request) for request in requests)
    else:
        may_be = (Request(outcome).method or "").upper() not in _WITHOUT_BODY
        if may_be and any(map(_is_begun, _values_of_the_caller(outcome, known))):
            return True
    if may_be and any(map(_is_partly_read, _values_held(_frames(outcome), known))):
        return True
    # aiohttp closes files; one that the target does not open itself is closed for the next try, too
    kept = [frame for frame in _frames(outcome) if root(frame.f_globals) == "rebackoff"]
    return may_be and any(map(_is_closed, _values_held(kept, set())))


def _may_be_of_a_file(request: object) -> bool:
    body = read(request, "body")
    if isinstance(body, bytes):
        return b"; filename=" in body and b"form-data" in body
    headers = read(request, "headers")
    is_hidden = body is None and not hasattr(request, "stream")
    return is_hidden and isinstance(headers, Mapping) and "Content-Length" in headers


def _frames(outcome: object) -> list[FrameType]:
    return list(frames(outcome)) if isinstance(outcome, BaseException) else _callers()


def _values_held(tried: list[FrameType], known: set[int]) -> Iterator[object]:
    """The values in the frames of the try, with those that they hold; none of the known ones."""
    seen = set(known)
    held = [value for frame in tried for value in _values(frame)]
    for _ in range(_DEPTH):
        held = [value for value in held if id(value) not in seen][:_MOST_VALUES]
        seen.update(map(id, held))
        yield from held
        held = [item for value in held for item in islice(_items(value), _MOST_ITEMS)]


def _values_of_the_caller(outcome: object, known: set[int]) -> Iterator[object]:
    for frame in frames(outcome):
        if not is_below(frame):
            yield from (value for value in _variables(frame) if id(value) not in known)


def _callers() -> list[FrameType]:
    """The frames up to the driver, which holds the arguments and the target: a response has no traceback."""
    found: list[FrameType] = []
    frame: FrameType | None = sys._getframe()
    while frame is not None and len(found) < _MOST_FRAMES:
        found.append(frame)
        frame = frame.f_back
    while found and root(found[-1].f_globals) != "rebackoff":
        found.pop()
    return found


def _values(frame: FrameType) -> list[object]:
    """The variables that a frame uses."""
    return [*_variables(frame), *map(frame.f_globals.get, frame.f_code.co_names)]


def _variables(frame: FrameType) -> list[object]:
    """The local variables; before Python 3.12, a comprehension has its iterator among them, as `.0`."""
    return [value for name, value in frame.f_locals.items() if name != ".0"]


def _items(value: object) -> Iterable[object]:
    """The items of a collection, the variables of a function, the attributes of another object."""
    if type(value) is dict:
        return list(value.values())
    if type(value) is list or type(value) is tuple:
        return value
    if type(value) is FunctionType:
        cells = [read(cell, "cell_contents") for cell in value.__closure__ or ()]
        return [*cells, *map(value.__globals__.get, value.__code__.co_names)]
    if isinstance(value, type | ModuleType) or _is_of_client(value):
        return ()
    attributes = read(value, "__dict__")
    slots = read(type(value), "__slots__")
    names = (*_BOUND, *slots) if type(slots) is tuple else _BOUND
    named = [read(value, name) for name in names]
    return [*named, *attributes.values()] if type(attributes) is dict else named


def _is_of_client(value: object) -> bool:
    return str(type(value).__module__).partition(".")[0] in CLIENTS


def _is_partly_read(value: Any) -> bool:
    """Returns whether the value is an open file, or like one, that is not at its beginning, as far as it can tell."""
    read_all = read(value, "read")
    if not callable(read_all) or isinstance(value, type | ModuleType) or _is_of_client(value):
        return False
    is_file = isinstance(value, io.IOBase)
    try:
        if read(value, "closed") is True or (is_file and not value.readable()):
            return False
        if not hasattr(value, "tell"):
            return not inspect.iscoroutinefunction(read_all) and not refuses(read_all, 0)
        if is_file and value.isatty():
            return False
        return bool(value.tell() > 0)
    except OSError:
        # a pipe has no position
        return is_file
    except Exception:
        return False


def _is_closed(value: object) -> bool:
    return isinstance(value, io.IOBase) and value.closed


def _is_begun(value: object) -> bool:
    """Returns whether the value is an iterator that may have been read."""
    return not hasattr(value, "read") and _is_iterator(value) and not _rewind(value, None)


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


def _start_of(body: Any, headers: Any) -> int | None:
    """The position of a file from which so many bytes are left as the request has."""
    if not hasattr(body, "seek") or inspect.iscoroutinefunction(body.seek):
        return None
    try:
        length = int(headers["Content-Length"])
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
    if not raw:
        # urllib's response is read after the frames that sent the request
        held = (value for frame in frames(error) for value in frame.f_locals.values())
        raw = [(read(request, "data"), None) for request in held if is_request(request)]
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
    return not (_is_iterator(body) or _has_one_iterator(body))


def _is_iterator(body: Any) -> bool:
    return hasattr(type(body), "__next__") or hasattr(type(body), "__anext__")


def _has_one_iterator(body: Any) -> bool:
    for begin in (read(type(body), "__iter__"), read(type(body), "__aiter__")):
        try:
            if begin is not None and begin(body) is begin(body):
                return True
        except Exception:
            continue
    return False


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
