"""Eight threads that call one decorated function at the same time."""

import collections
import sys
import threading
import time

import pytest
import rebackoff

THREADS = 8
CALLS = 2_000


@pytest.fixture(autouse=True)
def threads_switch_often():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.fixture(autouse=True)
def no_real_sleep(monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


def test_calls_in_threads_do_not_see_each_other():
    tried, told = collections.Counter(), collections.Counter()

    def note(details):
        told[details["args"]] += 1
        assert details["tries"] == told[details["args"]]
        assert details["exception"].args == details["args"]

    @rebackoff.on_exception(
        rebackoff.expo, ValueError, max_tries=4, max_time=3600, on_backoff=note, logger=None
    )
    def fetch(thread, number):
        tried[thread, number] += 1
        if tried[thread, number] <= number % 4:
            raise ValueError(thread, number)
        return thread, number

    def work(thread):
        return [fetch(thread, number) for number in range(CALLS)]

    for thread, results in enumerate(in_threads(work)):
        assert results == [(thread, number) for number in range(CALLS)]
    assert all(
        tried[thread, number] == number % 4 + 1
        for thread in range(THREADS)
        for number in range(CALLS)
    )


def test_each_call_has_its_own_limit_and_its_own_error():
    @rebackoff.on_exception(rebackoff.fibo, ValueError, max_tries=3, logger=None)
    def fails(thread, number):
        raise ValueError(thread, number)

    def work(thread):
        for number in range(CALLS // 4):
            with pytest.raises(ValueError) as caught:
                fails(thread, number)
            assert caught.value.args == (thread, number)
            assert caught.value.__context__ is None
        return True

    assert in_threads(work) == [True] * THREADS


def test_a_configured_generator_starts_afresh_on_each_call():
    waits = collections.defaultdict(list)

    @rebackoff.on_predicate(
        rebackoff.expo(base=3),
        max_tries=4,
        jitter=None,
        logger=None,
        on_backoff=lambda details: waits[details["args"]].append(details["wait"]),
    )
    def poll(thread, number):
        return None

    def work(thread):
        for number in range(CALLS // 4):
            poll(thread, number)

    in_threads(work)
    assert len(waits) == THREADS * (CALLS // 4)
    assert all(waited == [1, 3, 9] for waited in waits.values())


def in_threads(work):
    """Returns what `work(thread)` returned in each of the threads, which start together; its exception comes out."""
    results, failures = [None] * THREADS, []
    start = threading.Barrier(THREADS)

    def run(thread):
        start.wait()
        try:
            results[thread] = work(thread)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(thread,)) for thread in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return results
