"""Decorated functions travel: by name, by value, into other processes, as copies."""

from __future__ import annotations

import asyncio
import copy
import functools
import itertools
import logging
import multiprocessing
import os
import pathlib
import pickle
import shutil
import subprocess
import sys
import textwrap

import cloudpickle
import dill
import pytest
import rebackoff
from rebackoff import Breaker, Budget

BY_VALUE = {"cloudpickle": cloudpickle, "dill": dill}
by_value = pytest.mark.parametrize("pickler", BY_VALUE.values(), ids=BY_VALUE)

OPTIONS = {
    "none": {},
    "limits": {"max_tries": 5, "max_time": 60, "last_wait": "stop", "nested": "allow"},
    "asked": {"max_tries": lambda: 5, "max_time": lambda: 60},
    "handlers": {
        "on_try": len,
        "on_success": [len, len],
        "on_backoff": lambda details: None,
        "on_giveup": len,
    },
    "conditions": {"giveup": lambda error: False, "hint": lambda error: 0, "jitter": None},
    "guards": {"budget": Budget.quota(capacity=50), "breaker": Breaker(open_for=7)},
    "guards by key": {"breaker": lambda *_: Breaker(), "counts": lambda outcome: None},
    "logger": {"logger": logging.getLogger("travel"), "backoff_log_level": logging.DEBUG},
    "no logger": {"logger": None},
    "own jitter": {"jitter": lambda wait: wait / 2},
}
options = pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
WAITS = [
    rebackoff.expo(factor=0),
    rebackoff.constant([0, 0, 0]),
    rebackoff.runtime(value=lambda _: 0),
]


def flaky():
    """A function that fails twice, of which nothing can be imported."""
    tries = []

    def target(value):
        tries.append(value)
        if len(tries) < 3:
            raise ValueError
        return value, len(tries)

    return target


def travelled(pickler, function):
    # of the globals only those that are used: among those of a test are files of pytest's
    options = {"recurse": True} if pickler is dill else {}
    return pickle.loads(pickler.dumps(function, **options))


@by_value
@options
@pytest.mark.parametrize("waits", WAITS, ids=repr)
def test_a_blocking_function_travels_by_value(pickler, options, waits, sleeps):
    call = rebackoff.on_exception(waits, ValueError, **options)(flaky())
    assert travelled(pickler, call)(7) == (7, 3)
    assert call(8) == (8, 3)


@by_value
@options
def test_a_coroutine_function_travels_by_value(pickler, options, sleeps):
    fails = flaky()

    @rebackoff.on_exception(rebackoff.constant, ValueError, interval=0, **options)
    async def call(value):
        return fails(value)

    assert asyncio.run(travelled(pickler, call)(7)) == (7, 3)


@by_value
def test_predicates_and_generators_travel_by_value(pickler, sleeps):
    values = [0, 0, 5]

    @rebackoff.on_predicate(rebackoff.fibo, lambda value: value < 5, jitter=None)
    def poll():
        return values.pop(0)

    @rebackoff.on_exception(rebackoff.fibo, ValueError)
    def items():
        yield from values

    @rebackoff.on_exception(rebackoff.fibo, ValueError)
    async def async_items():
        yield values

    async def first(items):
        return [item async for item in items()]

    assert list(travelled(pickler, items)()) == [0, 0, 5]
    assert asyncio.run(first(travelled(pickler, async_items))) == [[0, 0, 5]]
    assert travelled(pickler, poll)() == 5


@by_value
def test_a_call_travels_after_it_was_used(pickler, sleeps):
    call = rebackoff.on_exception(rebackoff.expo, ValueError, max_tries=9)(flaky())
    assert call(1) == (1, 3)
    assert travelled(pickler, call)(2) == (2, 4)


def of_a_local_class():
    offset = 1

    class Client:
        def __init__(self):
            self.failures = iter([ValueError, ValueError])

        @rebackoff.on_exception(
            rebackoff.constant(0), ValueError, on_backoff=lambda details: offset
        )
        def fetch(self, value):
            for failure in self.failures:
                raise failure
            return value + offset - 1

    return Client().fetch


def with_own_waits():
    step = 0

    def waits(factor):
        yield
        while True:
            yield factor * step

    return rebackoff.on_exception(waits, ValueError, factor=lambda: 1)(flaky_value())


def flaky_value():
    target = flaky()
    return lambda value: target(value)[0]


def with_a_bound_handler():
    class Counter:
        seen = 0

        def count(self, details):
            self.seen += 1

    handler = Counter()
    return rebackoff.on_exception(rebackoff.expo, ValueError, on_try=handler.count)(flaky_value())


def with_guards_by_key():
    breakers = rebackoff.Keyed(functools.partial(Breaker, open_for=3), 5)
    return rebackoff.on_exception(
        rebackoff.expo, ValueError, breaker=lambda value: breakers[value]
    )(flaky_value())


def decorated_twice():
    inner = rebackoff.on_exception(rebackoff.expo, KeyError, max_time=60)(flaky_value())
    return rebackoff.on_predicate(rebackoff.expo, lambda value: False)(
        rebackoff.on_exception(rebackoff.fibo, (ValueError, [OSError]), max_tries=5)(inner)
    )


KINDS = {
    "a method of a local class": of_a_local_class,
    "own waits": with_own_waits,
    "a bound handler": with_a_bound_handler,
    "guards by key": with_guards_by_key,
    "several decorators": decorated_twice,
    "a lambda": lambda: rebackoff.on_exception(rebackoff.expo, ValueError)(lambda value: value),
    "a partial": lambda: functools.partial(
        rebackoff.on_exception(rebackoff.expo, ValueError)(lambda _, value: value), 1
    ),
    "a decorated partial": lambda: rebackoff.on_exception(rebackoff.expo, ValueError)(
        functools.partial(lambda _, value: value, 1)
    ),
    "a decorated builtin": lambda: rebackoff.on_exception(rebackoff.expo, ValueError)(abs),
    "a preset": lambda: rebackoff.presets.transient_retry(interval=0)(flaky_value()),
    "a strategy": lambda: rebackoff.strategies.retry(rebackoff.strategies.FixedBackoff(delay=0))(
        flaky_value()
    ),
}


@by_value
@pytest.mark.parametrize("is_used", [False, True])
@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_functions_of_all_kinds_travel_by_value(pickler, make, is_used, sleeps):
    call = make()
    if is_used:
        assert call(7) == 7
    assert travelled(pickler, call)(7) == 7
    assert copy.deepcopy(call)(7) == call(7) == 7


@rebackoff.on_exception(rebackoff.expo, ValueError)
def known(value):
    return value * value


def test_a_function_that_can_be_imported_travels_by_name():
    assert pickle.loads(pickle.dumps(known)) is known
    assert copy.copy(known) is known and copy.deepcopy(known) is known


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_processes_call_it_however_they_start(method):
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.map(known, range(4)) == [0, 1, 4, 9]


def test_joblib_ships_functions_of_main():
    program = """
        import rebackoff
        from joblib import Parallel, delayed
        @rebackoff.on_exception(rebackoff.expo, ConnectionError, max_tries=3)
        def fetch(n):
            return n * n
        print(Parallel(n_jobs=2)(delayed(fetch)(n) for n in range(4)))
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert run.stdout == "[0, 1, 4, 9]\n", run.stderr


@by_value
@pytest.mark.parametrize(
    ("keyword", "given"),
    [
        *itertools.product(
            ["def", "async def"], ["", "max_time=9", "on_try=len", "breaker=rebackoff.Breaker()"]
        ),
        ("async def", "timeout=60"),
    ],
)
def test_functions_of_main_are_read_by_a_program_that_does_not_have_them(
    pickler, keyword, given, tmp_path
):
    pickled = tmp_path / "pickled"
    program = f"""
        import rebackoff, {pickler.__name__} as pickler
        @rebackoff.on_exception(rebackoff.expo, ConnectionError, max_tries=3, factor=0, {given})
        {keyword} fetch(n, tries=[]):
            tries.append(n)
            if len(tries) < 3:
                raise ConnectionError
            return n * n, len(tries)
        open({str(pickled)!r}, "wb").write(pickler.dumps(fetch))
    """
    reader = f"""
        import asyncio, inspect, {pickler.__name__} as pickle
        fetch = pickle.load(open({str(pickled)!r}, "rb"))
        print(asyncio.run(fetch(5)) if inspect.iscoroutinefunction(fetch) else fetch(5))
    """
    for source in (program, reader):
        command = [sys.executable, "-c", textwrap.dedent(source)]
        run = subprocess.run(command, capture_output=True, text=True, timeout=600)
        assert run.returncode == 0, run.stderr
    assert run.stdout == "(25, 3)\n"


MAKERS = [
    functools.partial(Budget.per_second, rate=3, capacity=7),
    functools.partial(Budget.share, ratio=0.3, floor=2, ttl=5),
    functools.partial(Budget.quota, capacity=50, retry_cost=2, timeout_cost=4, dry_run=True),
    functools.partial(Budget.throttle, max_tokens=8, token_ratio=0.5),
    functools.partial(Breaker, consecutive=2, open_for=7, jitter="full"),
    functools.partial(Breaker, failure_rate=0.5, slow_rate=0.3, slow_after=2, dry_run=True),
]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda guard: pickle.loads(pickle.dumps(guard))]
)
def test_a_guard_travels_by_its_parameters_and_begins_anew(make, copied):
    guard, fresh = make(), repr(make())
    if isinstance(guard, Breaker):
        guard.isolate()
    else:
        guard.withdraw()
    other = copied(guard)
    assert other is not guard and repr(other) == fresh


def test_guards_by_key_travel_by_their_parameters_and_begin_anew():
    breakers = rebackoff.Keyed(functools.partial(Breaker, open_for=3), 5)
    breakers["host"].isolate()
    for other in (
        copy.copy(breakers),
        copy.deepcopy(breakers),
        pickle.loads(pickle.dumps(breakers)),
    ):
        assert len(other) == 0 and other["host"].state == "closed"
        assert repr(other) == "<Keyed 1 of 5>"


def test_the_errors_of_rejections_travel():
    breaker = Breaker(open_for=30)
    breaker.force_open()
    with pytest.raises(rebackoff.CircuitOpenError) as raised:
        breaker.check()
    again = pickle.loads(pickle.dumps(raised.value))
    assert str(again) == str(raised.value) and again.retry_in == raised.value.retry_in


@pytest.mark.parametrize("waits", [rebackoff.expo(3, 2, 9), rebackoff.constant([1, 2])])
def test_configured_waits_travel_by_their_parameters(waits):
    next(waits), next(waits)
    again = pickle.loads(pickle.dumps(waits))
    assert repr(again) == repr(waits) and next(again) is None


@by_value
def test_the_modules_that_programs_patch_travel_by_name(pickler):
    for module in (rebackoff._sync, rebackoff._async):
        assert pickler.loads(pickler.dumps(module)) is module


OUTSIDE = """
import dill, rebackoff
from rebackoff.telemetry import Exporter, instrument

class Counted(Exporter):
    def on_success(self, record):
        print("tries", record.tries)

def decorate(target, **options):
    return rebackoff.on_exception(rebackoff.constant, OSError, interval=0, **options)(target)

def blocking():
    left = [0, 1]
    def target():
        if left.pop():
            raise OSError
        return "done"
    return target

async def awaited():
    return "done"

def items():
    yield "done"

decorated = [decorate(one, max_time=9) for one in (blocking(), awaited, items)]
sent = [dill.dumps(one) for one in (*decorated, decorate(blocking()))]
instrument(Counted())
for one in sent:
    dill.loads(one)
print(dill.loads(sent[0])(), dill.loads(sent[-1])())
"""


def test_dill_sends_no_state_of_a_package_that_is_outside_of_the_interpreters_folders(tmp_path):
    shutil.copytree(pathlib.Path(rebackoff.__file__).parent, tmp_path / "rebackoff")
    done = subprocess.run(
        [sys.executable, "-c", OUTSIDE],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.stderr == ""
    assert done.stdout == "tries 2\ntries 2\ndone done\n"
