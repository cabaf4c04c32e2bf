"""Times calls on this thread's own CPU clock, libraries taking turns, so that a busy machine disturbs all alike."""

import asyncio
import itertools
import time

import targets

ROUNDS = 101


def nanoseconds(row, decorated):
    """Measures the cost of one call, or one retry, with each library: the least of its rounds.

    `decorated` maps its label to a function and to what is to be done before its turn; what the one
    called "bare" costs is taken off, if it is there. What else a machine is busy with makes a round
    longer and never shorter, so that the least is what comes again. The first round warms up: the
    interpreter adapts its code to what it runs.
    """
    rounds = [_round(row, decorated, number) for number in range(1 + ROUNDS)][1:]
    least = {label: min(taken[label] for taken in rounds) for label in decorated}
    return {label: cost - least.get("bare", 0) for label, cost in least.items()}


def _round(row, decorated, number):
    timer = _async_calls if row.is_async else _calls
    taken = {}
    for label in _turns(list(decorated), number):
        function, prepare = decorated[label]
        prepare()
        targets.failures_left = row.retries
        taken[label] = timer(function, row.calls) / (row.calls * max(row.retries, 1))
    return taken


def _turns(labels, round_number):
    start = round_number % len(labels)
    return labels[start:] + labels[:start]


def _calls(function, count):
    counter = itertools.repeat(None, count)
    start = time.thread_time_ns()
    for _ in counter:
        function(1)
    return time.thread_time_ns() - start


def _async_calls(function, count):
    async def calls():
        counter = itertools.repeat(None, count)
        start = time.thread_time_ns()
        for _ in counter:
            await function(1)
        return time.thread_time_ns() - start

    return asyncio.run(calls())
