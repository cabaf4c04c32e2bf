"""Memory of a decorated function, as CPython's own allocator counts it."""

import tracemalloc

COUNT = 1000


def bytes_each(decorate):
    """The bytes that one more decorated function takes, the undecorated one not counted."""
    targets = [_target() for _ in range(COUNT)]
    kept = [decorate(_target()) for _ in range(10)]  # what all of them share
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept += [decorate(target) for target in targets]
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return (after - before) / (len(kept) - 10)


def _target():
    def target(value):
        return value

    return target
