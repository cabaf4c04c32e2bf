"""The calls on this thread's stack, found by the frames of their bodies."""

import sys

from rebackoff import _arities, _async, _generators, _sync
from rebackoff._instrumented import code_in

# Before 3.13, `f_locals` is a copy that the frame keeps, and with it the error, whose traceback
# keeps the frame.
_KEEPS_LOCALS = sys.version_info < (3, 13)


def calls(asked_by_body):
    """For each body on the stack, its `Call`; for one in its first try, its `begin` and its start.

    That of the body that asks is left out.
    """
    found = []
    frame = sys._getframe(1)
    if asked_by_body:
        frame = frame.f_back
    while frame is not None:
        body = _BODIES.get(id(frame.f_code))
        if body is not None:
            names = frame.f_locals
            call = names.get("call")
            if call is not None:
                found.append(call)
            elif body.begins_late:
                found.append((names["begin"].__self__, names.get("start")))
            if _KEEPS_LOCALS:
                names.clear()
        frame = frame.f_back
    return found


class _Body:
    """What there is to know of the code of a body."""

    def __init__(self, code, begins_late):
        self.code = code  # kept, for its id is the key
        self.begins_late = begins_late  # its first try comes before there is a `Call`


_BODIES = {
    id(body.code): body
    for body in (
        _Body(code_in(_sync.retry_exception), True),
        _Body(code_in(_sync.retry_exception_told), False),
        _Body(code_in(_sync.retry_predicate), True),
        _Body(code_in(_sync.retry_predicate_told), False),
        _Body(_sync._resume.__code__, False),
        _Body(code_in(_generators.retry_generator), False),
        _Body(code_in(_generators.retry_async_generator), False),
        _Body(code_in(_async.retry_exception), True),
        _Body(code_in(_async.retry_exception_told), False),
        _Body(code_in(_async.retry_predicate), True),
        _Body(code_in(_async.retry_predicate_told), False),
        *(_Body(code_in(builder), True) for builder in _arities.builders()),
    )
}
