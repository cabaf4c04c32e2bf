"""The parts of responses and of requests, as far as an outcome has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rebackoff._http_chain import chain, method_of, read

# the statuses of HTTP that stand for statuses of gRPC; any other status is final
_GRPC = {"UNAVAILABLE": 503}


def status_of(outcome: object) -> int | None:
    """The status of the response, or of the first wrapped error that has one."""
    for error in chain(outcome):
        for holder in (read(error, "response"), error):
            for name in ("status_code", "status"):
                status = read(holder, name)
                if isinstance(status, int) and not isinstance(status, bool):
                    return status
            status = _status_of_botocore(holder)
            if status is not None:
                return status
        status = _status_of_grpc(error)
        if status is not None:
            return status
    return None


def _metadata_of(holder: object) -> Mapping[str, Any]:
    """The metadata in the dict that botocore makes of a response."""
    metadata = holder.get("ResponseMetadata") if isinstance(holder, dict) else None
    return metadata if isinstance(metadata, dict) else {}


# the codes of AWS that mean throttling, whatever their status is
_THROTTLED = ("Throttling", "TooManyRequests", "SlowDown", "RequestLimitExceeded", "LimitExceeded")


def _status_of_botocore(holder: object) -> int | None:
    error = holder.get("Error") if isinstance(holder, dict) else None
    code = error.get("Code") if isinstance(error, dict) else None
    if isinstance(code, str) and code.startswith(_THROTTLED[:-1]):
        return 429
    if code == "ProvisionedThroughputExceededException":
        return 429
    status = _metadata_of(holder).get("HTTPStatusCode")
    return status if isinstance(status, int) else None


def _status_of_grpc(error: object) -> int | None:
    if not callable(read(error, "trailing_metadata")):
        return None
    try:
        name = str(read(error.code(), "name"))  # type: ignore[attr-defined]
    except Exception:
        return None
    if name == "RESOURCE_EXHAUSTED":
        is_pushback = any(key == "grpc-retry-pushback-ms" for key, _ in headers_of(error))
        return 429 if is_pushback else 400
    return _GRPC.get(name, 400)


def headers_of(error: object) -> list[tuple[str, str]]:
    """The headers of the response, or the trailing metadata of a gRPC error."""
    response = read(error, "response")
    # requests and httpx keep the headers in the response, aiohttp and urllib in the error
    for headers in (
        read(response, "headers"),
        _metadata_of(response).get("HTTPHeaders"),
        _metadata_of(error).get("HTTPHeaders"),
        read(error, "headers"),
        _trailing_metadata_of(error),
    ):
        pairs = list(_pairs(headers))
        if pairs:
            return pairs
    return []


def _trailing_metadata_of(error: object) -> object:
    try:
        return error.trailing_metadata()  # type: ignore[attr-defined]
    except Exception:
        return None


def _pairs(headers: Any) -> Iterator[tuple[str, str]]:
    try:
        # httpx merges several lines in `items`
        items = headers.items() if hasattr(headers, "items") else headers
        pairs = [(str(name), str(value)) for name, value in items]
    except Exception:
        return
    yield from pairs


def request_headers_of(outcome: object) -> set[str]:
    """The names of the request's headers, in lower case."""
    for request in requests_of(outcome):
        try:
            return {str(name).lower() for name in request.headers}
        except Exception:
            continue
    return set()


def request_method_of(outcome: object) -> str | None:
    """The method that the outcome itself names."""
    for holder in (*requests_of(outcome), *chain(outcome)):
        method = method_of(holder) or method_of(read(holder, "response"))
        if method is not None:
            return method
    return None


def requests_of(outcome: object) -> Iterator[Any]:
    for error in chain(outcome):
        for holder in (error, read(error, "response")):
            for name in ("request", "request_info"):
                request = read(holder, name)
                if request is not None and not callable(request):
                    yield request
