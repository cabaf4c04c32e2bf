"""The bodies of decorated functions, by whose frames calls are found on a thread's stack."""

from rebackoff import _arities, _async, _generators, _sync
from rebackoff._instrumented import code_in

# the code of each, and whether its first try comes before there is a `Call`
BODIES = (
    (code_in(_sync.retry_exception), True),
    (code_in(_sync.retry_exception_told), False),
    (code_in(_sync.retry_predicate), True),
    (code_in(_sync.retry_predicate_told), False),
    (_sync._resume.__code__, False),
    (code_in(_generators.retry_generator), False),
    (code_in(_generators.retry_async_generator), False),
    (code_in(_async.retry_exception), True),
    (code_in(_async.retry_exception_told), False),
    (code_in(_async.retry_predicate), True),
    (code_in(_async.retry_predicate_told), False),
    *((code_in(builder), True) for builder in _arities.builders()),
)
