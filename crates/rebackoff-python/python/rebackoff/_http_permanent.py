"""Failures that another try cannot mend."""

from __future__ import annotations

import re
import sys

from rebackoff._http_chain import chain, kinds, read
from rebackoff._http_responses import requests_of

_PERMANENT = frozenset(
    {
        "InvalidURL",
        "InvalidSchema",
        "MissingSchema",
        "InvalidHeader",
        "UnsupportedProtocol",
        "LocalProtocolError",
        "TooManyRedirects",
        "LocationValueError",
        "UnrewindableBodyError",
        "NonHttpUrlClientError",
        "ServerFingerprintMismatch",
        "CertificateError",
        "SSLCertVerificationError",
    }
)
# a connection that breaks while it is encrypted is a broken connection
_BROKEN = ("SSLEOFError", "SSLZeroReturnError", "SSLSyscallError", "SSLWantReadError")
_BROKEN_REASONS = ("UNEXPECTED_EOF_WHILE_READING", "APPLICATION_DATA_AFTER_CLOSE_NOTIFY")
_REFUSED_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")
_REFUSED_BY_PROXY = re.compile(r"(\d{3})(?: |$)")
_CLIENT_ERRORS = frozenset({408, 421, 425, 429})
# 501 and its kind tell what the server is unable to do, now and later
_SERVER_ERRORS = frozenset({501, 505, 506, 508, 510, 511})


def is_permanent(outcome: object) -> bool:
    """Returns whether the error says that the request, the address or the client is wrong."""
    if any(_is_illegal(request) for request in requests_of(outcome)):
        return True
    for error in chain(outcome):
        names = kinds(error)
        if any(kind.__name__ == "CircuitOpenError" for kind in type(error).__mro__):
            return True
        if not _PERMANENT.isdisjoint(names):
            return True
        if "URLError" in names and str(read(error, "reason")).startswith(
            ("unknown url type", "no host given")
        ):
            return True
        if _is_refused_by_tls(error):
            return True
    return False


def _is_illegal(request: object) -> bool:
    """Returns whether a header has a line break, which clients refuse when they come to write it."""
    try:
        values = [str(value) for value in request.headers.values()]  # type: ignore[attr-defined]
    except Exception:
        return False
    return any(character in value for value in values for character in "\r\n\0")


def _is_refused_by_tls(error: object) -> bool:
    ssl = sys.modules.get("ssl")
    if ssl is None or not isinstance(error, ssl.SSLError) or isinstance(error, TimeoutError):
        return False
    if type(error).__name__ in _BROKEN or error.reason in _BROKEN_REASONS:
        return False
    # requests' and urllib3's classes, and timeouts, have no reason of OpenSSL's
    return error.reason is not None


def status_of_proxy(outcome: object) -> int | None:
    """The status with which a proxy refused to connect; errors have it in their message."""
    for error in chain(outcome):
        form = _REFUSED_BY_PROXY if "ProxyError" in kinds(error) else _REFUSED_TUNNEL
        if isinstance(error, BaseException):
            refused = form.match(_text(error))
            if refused is not None:
                return int(refused[1])
    return None


def _text(error: object) -> str:
    try:
        return str(error)
    except Exception:
        return ""


def is_permanent_status(status: int) -> bool:
    """Returns whether no further try will change this status."""
    is_clients = 400 <= status < 500 and status not in _CLIENT_ERRORS
    return is_clients or status in _SERVER_ERRORS or 300 <= status < 400


def has_spent_its_quota(outcome: object) -> bool:
    """Returns whether the account has no credit left, which no wait brings back.

    It looks at the error's code, and at a body that has been read already.
    """
    for error in chain(outcome):
        for holder in (error, read(error, "response")):
            for name in ("code", "type"):
                if read(holder, name) == "insufficient_quota":
                    return True
            for name in ("_content", "_body", "body"):
                body = read(holder, name)
                if isinstance(body, bytes) and b'"insufficient_quota"' in body:
                    return True
                if isinstance(body, dict) and "'insufficient_quota'" in repr(body):
                    return True
    return False
