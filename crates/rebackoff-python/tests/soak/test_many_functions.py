"""Decorating a function and calling it costs as much among 100 000 decorated functions as among 100."""

import time

import rebackoff


def test_decorating_and_calling_costs_as_much_with_100_000_functions_as_with_100():
    few = min(cost(100) for _ in range(20))
    assert cost(100_000) < 10 * few  # 1.7 on an idle machine: caches, and the garbage collector


def cost(count):
    """The seconds of this thread, for each of so many functions that stay alive."""
    targets = [made() for _ in range(count)]
    start = time.thread_time()
    decorate = rebackoff.on_exception
    functions = [decorate(rebackoff.expo, ValueError, max_tries=3)(target) for target in targets]
    for function in functions:
        function(1)
    return (time.thread_time() - start) / count


def made():
    def target(value):
        return value

    return target
