"""Times calls on this thread's own CPU clock, libraries taking turns, so that a busy machine disturbs all alike."""

import asyncio
import itertools
import statistics
import time

import targets

ROUNDS = 61


def nanoseconds(row, decorated):
    """Median cost of one call, or one retry, for each library.

    `decorated` maps its label to a function and to what is to be done before its turn; what the one
    called "bare" costs is taken off, if it is there.
    """
    samples = {label: [] for label in decorated}
    timer = _async_calls if row.is_async else _calls
    for round_number in range(ROUNDS):
        taken = {}
        for label in _turns(list(decorated), round_number):
            function, prepare = decorated[label]
            prepare()
            targets.failures_left = row.retries
            taken[label] = timer(function, row.calls) / (row.calls * max(row.retries, 1))
        for label, cost in taken.items():
            samples[label].append(cost - taken.get("bare", 0))
    return {label: statistics.median(values) for label, values in samples.items()}


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
