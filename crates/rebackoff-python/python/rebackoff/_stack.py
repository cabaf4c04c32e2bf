"""The bodies of decorated functions, by whose frames calls are found on a thread's stack."""

from rebackoff import _async, _generators, _sync


def code_in(builder):
    """The code of the one function that the builder builds."""
    (code,) = (c for c in builder.__code__.co_consts if type(c) is type(builder.__code__))
    return code


# the code of each, and whether its first try comes before there is a `Call`
BODIES = (
    (code_in(_sync.retry_exception), True),
    (code_in(_sync.retry_exception_told), False),
    (code_in(_sync.retry_predicate), True),
    (code_in(_sync.retry_predicate_told), False),
    (code_in(_generators.retry_generator), False),
    (code_in(_generators.retry_async_generator), False),
    (code_in(_async.retry_exception), True),
    (code_in(_async.retry_exception_told), False),
    (code_in(_async.retry_predicate), True),
    (code_in(_async.retry_predicate_told), False),
)
