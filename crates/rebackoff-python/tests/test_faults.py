"""Faults around a call: forks, threads, interpreters, recursion, leaks."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import random
import subprocess
import sys
import textwrap
import threading
import time
import warnings
import weakref

import pytest
import rebackoff


def test_sys_exit_in_the_target_ends_the_call(flaky):
    target = flaky(1, SystemExit(3))
    with pytest.raises(SystemExit):
        rebackoff.on_exception(rebackoff.expo, Exception)(target)()
    assert target.calls == 1


def test_after_a_fork_in_mid_retry_the_jitter_differs_in_the_child(monkeypatch):
    random.seed(5)
    read, write = os.pipe()
    here = os.getpid()
    waits = []
    monkeypatch.setattr(time, "sleep", waits.append)

    @rebackoff.on_exception(
        rebackoff.constant, ValueError, interval=1000, max_tries=4, raise_on_giveup=False
    )
    def target():
        if len(waits) == 1 and os.getpid() == here:
            fork()
        raise ValueError

    def fork():
        with warnings.catch_warnings():
            # of threads that earlier tests have left
            warnings.simplefilter("ignore", DeprecationWarning)
            os.fork()

    target()
    if os.getpid() != here:
        os.write(write, repr(waits).encode())
        os._exit(0)
    os.wait()
    childs = eval(os.read(read, 4096))
    os.close(read), os.close(write)
    assert childs[0] == waits[0] and len(childs) == len(waits) == 3
    assert childs[1:] != waits[1:]


def test_eight_threads_share_one_decorated_function_without_sharing_tries(monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    calls = threading.local()
    details, errors = [], []

    @rebackoff.on_exception(
        rebackoff.expo,
        ValueError,
        max_tries=5,
        on_success=lambda d: details.append((d["args"][0], d["tries"])),
    )
    def target(thread, failures):
        calls.count = getattr(calls, "count", 0) + 1
        if calls.count <= failures:
            raise ValueError
        calls.count = 0

    def work(thread):
        try:
            for n in range(500):
                target(thread, n % 4)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for n in range(8):
        assert [tries for thread, tries in details if thread == n] == [
            n % 4 + 1 for n in range(500)
        ]


def run(code):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60
    )


def test_a_sub_interpreter_refuses_cleanly_or_works():
    done = run(
        """
        try:
            import _interpreters as interpreters
        except ImportError:
            import _xxsubinterpreters as interpreters
        import rebackoff

        code = '''
        try:
            import rebackoff
        except ImportError as error:
            print("does not support" in str(error) and "fine", flush=True)
        else:
            outcomes = [ValueError, ValueError, "fine"]

            @rebackoff.on_exception(rebackoff.expo, ValueError, factor=0)
            def target():
                outcome = outcomes.pop(0)
                if outcome is ValueError:
                    raise outcome
                return outcome

            print(target(), flush=True)
        '''
        import textwrap
        (getattr(interpreters, "exec", None) or interpreters.run_string)(interpreters.create(), textwrap.dedent(code))
        print(rebackoff.on_exception(rebackoff.expo, ValueError)(lambda: "works")())
        """
    )
    assert (done.returncode, done.stdout) == (0, "fine\nworks\n"), done.stderr


def test_endless_recursion_is_a_recursion_error():
    done = run(
        """
        import rebackoff

        @rebackoff.on_exception(rebackoff.expo, ValueError)
        def down(n):
            return down(n + 1)

        try:
            down(0)
        except RecursionError:
            print("as always")
        """
    )
    assert (done.returncode, done.stdout) == (0, "as always\n"), done.stderr


def test_recursion_keeps_the_calls_apart(sleeps):
    failed = set()

    @rebackoff.on_exception(rebackoff.expo, ValueError, max_tries=2, jitter=None)
    def down(n):
        deeper = down(n - 1) if n else 0
        if n not in failed:
            failed.add(n)
            raise ValueError
        return deeper + 1

    assert down(50) == 51
    assert sleeps == [1] * 51


def test_a_decorated_function_that_is_called_while_the_interpreter_ends_does_no_harm():
    done = run(
        """
        import rebackoff

        @rebackoff.on_exception(rebackoff.constant, ValueError, interval=0, max_tries=2)
        def fail():
            raise ValueError

        class Late:
            def __del__(self, fail=fail, ValueError=ValueError):
                try:
                    fail()
                except ValueError:
                    pass

        import sys
        sys.late = Late()
        """
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "options",
    [{}, {"max_time": 60}, {"on_backoff": lambda details: None}, {"on_try": lambda details: None}],
)
def test_errors_are_in_no_reference_cycle(options, sleeps):
    class Error(Exception):
        pass

    def target():
        raise Error

    async def atarget():
        raise Error

    decorate = rebackoff.on_exception(rebackoff.expo, Error, max_tries=3, **options)

    async def run():
        try:
            await decorate(atarget)()
        except Error as error:
            return weakref.ref(error)

    gc.disable()
    try:
        try:
            decorate(target)()
        except Error as error:
            alive = weakref.ref(error)
        assert alive() is None
        assert asyncio.run(run())() is None
    finally:
        gc.enable()


def test_a_wait_generator_that_keeps_an_error_keeps_it_no_longer_than_the_call(sleeps):
    class Local:
        pass

    def waits():
        error = yield
        while True:
            error = yield 0 if error else None

    alive = []

    @rebackoff.on_exception(waits, ValueError, max_tries=3)
    def target():
        local = Local()
        alive.append(weakref.ref(local))
        raise ValueError

    gc.disable()
    try:
        with contextlib.suppress(ValueError):
            target()
        assert [local() for local in alive] == [None] * 3
    finally:
        gc.enable()


def test_an_error_is_freed_when_an_async_handler_fails(sleeps):
    class Error(Exception):
        pass

    async def handler(details):
        await asyncio.tasks.sleep(0)
        raise KeyError

    @rebackoff.on_exception(rebackoff.expo, Error, on_backoff=handler)
    async def target():
        raise Error

    async def run():
        try:
            await target()
        except KeyError as error:
            return weakref.ref(error.__context__)

    gc.disable()
    try:
        assert asyncio.run(run())() is None
    finally:
        gc.enable()


def test_a_decorated_function_that_is_in_a_cycle_is_collected():
    def make():
        @rebackoff.on_exception(
            rebackoff.runtime,
            ValueError,
            value=lambda error: made.cache_clear,
            max_tries=lambda: made,
            on_backoff=[lambda d: made],
        )
        def made():
            return made

        return weakref.ref(made)

    alive = make()
    gc.collect()
    assert alive() is None


def test_references_are_balanced(sleeps):
    argument, keyword, error = object(), object(), ValueError()
    value = object()

    @rebackoff.on_exception(
        rebackoff.expo, ValueError, max_tries=5, max_time=60, on_success=lambda details: None
    )
    def target(argument, *, keyword):
        if len(sleeps) % 3:
            raise error
        return value

    def used():
        sleeps.append(1)
        assert target(argument, keyword=keyword) is value
        error.__traceback__ = None

    used()
    before = [sys.getrefcount(one) for one in (argument, keyword, error, value)]
    for _ in range(200):
        used()
    after = [sys.getrefcount(one) for one in (argument, keyword, error, value)]
    assert after == before


def test_cancelling_a_task_in_its_wait_ends_it():
    @rebackoff.on_exception(rebackoff.constant, Exception, interval=60)
    async def target():
        raise ValueError

    async def run():
        task = asyncio.create_task(target())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as raised:
            await task
        return raised.value

    error = asyncio.run(run())
    assert isinstance(error.__context__, (ValueError, asyncio.CancelledError))


@pytest.mark.smoke
@pytest.mark.parametrize(
    "waiting", ["target", "wait", "handler", "predicate", "guarded", "context", "coroutine"]
)
def test_a_daemon_thread_in_a_call_does_not_abort_the_program_when_it_ends(waiting):
    ended = subprocess.run(
        [sys.executable, "-c", DAEMON, waiting], capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", "the end\n")


DAEMON = textwrap.dedent("""
    import asyncio, os, sys, threading, time
    import rebackoff

    waiting = threading.Event()
    options = dict(interval=0.2, jitter=None, logger=None)
    retried = rebackoff.on_exception(rebackoff.constant, ValueError, **options)

    def wait(*_):
        waiting.set()
        time.sleep(0.2)

    def fail(*_):
        waiting.set()
        raise ValueError

    def block():
        for attempt in rebackoff.retry_context(ValueError, rebackoff.constant, **options):
            with attempt:
                fail()

    def loop():
        async def slowly():
            wait()
            raise ValueError
        asyncio.run(retried(slowly)())

    def decorated(target, **more):
        return rebackoff.on_exception(rebackoff.constant, ValueError, **options, **more)(target)

    target = {
        "target": decorated(wait),
        "wait": decorated(fail),
        "handler": decorated(fail, on_backoff=wait),
        "predicate": rebackoff.on_predicate(rebackoff.constant, wait, **options)(int),
        "guarded": decorated(wait, breaker=rebackoff.Breaker()),
        "context": block,
        "coroutine": loop,
    }[sys.argv[1]]

    class LastWord:
        def __del__(self, sleep=time.sleep, write=os.write):
            sleep(0.5)  # the thread wants to run again while the interpreter ends
            write(1, b"the end\\n")

    sys.last_word = LastWord()
    threading.Thread(target=target, daemon=True).start()
    waiting.wait()
    time.sleep(0.05)
""")
