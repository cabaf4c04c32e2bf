"""Several interpreters in one process, the package imported anew, a debugger in the wrapper, marked functions."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
import textwrap

import pytest
import rebackoff


def run(program):
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


USE = """
def use():
    import time
    import rebackoff as r
    tries, slept = [], []

    @r.on_exception(r.expo, OSError, max_tries=3, max_time=60, factor=0.001, max_value=0.002)
    def fails():
        tries.append(1)
        raise OSError

    before, time.sleep = time.sleep, slept.append
    try:
        fails()
    except OSError:
        pass
    time.sleep = before
    breaker = r.Breaker()
    breaker.force_open()
    try:
        breaker.admit()
    except r.CircuitOpenError:
        caught = True
    with r.testing.no_wait() as waits:
        try:
            fails()
        except OSError:
            pass
    print(len(tries), len(slept), caught, len(waits), flush=True)

use()
"""
USED = "6 2 True 2\n"


def test_interpreters_in_one_process_each_use_the_package():
    program = f"""
try:
    import _interpreters as interpreters
    new = lambda: interpreters.create("legacy")
except ImportError:
    import _xxsubinterpreters as interpreters
    new = lambda: interpreters.create(isolated=False)
source = {USE!r}
for _ in range(4):
    interpreter = new()
    error = interpreters.run_string(interpreter, source)
    if error is not None:
        print(error)
    interpreters.destroy(interpreter)
exec(source)
"""
    assert run(program) == USED * 5


def test_an_interpreter_with_a_gil_of_its_own_cannot_import_the_package():
    interpreters = pytest.importorskip("_interpreters")
    interpreter = interpreters.create("isolated")
    error = interpreters.run_string(interpreter, "import rebackoff")
    interpreters.destroy(interpreter)
    assert "does not support loading in subinterpreter" in error.formatted


def test_the_package_works_when_it_is_imported_anew():
    program = f"""
import sys
source = {USE!r}
exec(source)
for name in [name for name in sys.modules if name.split(".")[0] == "rebackoff"]:
    del sys.modules[name]
exec(source)
"""
    assert run(program) == USED * 2


@pytest.mark.parametrize("logs", [False, True], ids=["without logging", "with logging"])
@pytest.mark.parametrize(
    "options", ["", "logger=None", "jitter=rebackoff.equal_jitter", "giveup=lambda error: False"]
)
def test_a_finalizer_retries_when_the_program_has_ended(options, logs):
    program = f"""
import rebackoff, sys

if {logs}:
    import logging
    logging.basicConfig(stream=sys.stdout, format="%(message)s")

class Connection:
    @rebackoff.on_exception(rebackoff.constant(0), OSError, max_tries=2, {options})
    def close(self):
        print("try")
        raise OSError("down")

    def __del__(self):
        try:
            self.close()
        except OSError as error:
            print(error)

connection = Connection()
"""
    logged = ["Giving up close(...) after 2 tries (OSError: down)"]
    given_up = logged if logs and options != "logger=None" else []
    assert run(program).splitlines() == ["try", "try", *given_up, "down"]


@pytest.mark.parametrize("options", ["", "max_time=9", "on_try=len", "breaker=rebackoff.Breaker()"])
@pytest.mark.parametrize("kind", ["args", "locals", "profile"])
def test_a_debugger_in_the_wrapper_breaks_nothing(options, kind):
    program = f"""
import sys, rebackoff

@rebackoff.on_exception(rebackoff.constant(0), OSError, max_tries=3, logger=None, {options})
def fetch(value):
    return value

def look(frame, event, argument):
    if frame.f_code.co_name == "retry":
        frame.f_locals, rebackoff.remaining()
    return look

(sys.setprofile if {kind!r} == "profile" else sys.settrace)(look)
fetch(1), fetch(2)
sys.settrace(None), sys.setprofile(None)
print(fetch(3))
"""
    assert run(program) == "3\n"


if hasattr(inspect, "markcoroutinefunction"):

    def marked_function(tries):
        async def call():
            tries.append(1)
            raise ConnectionError

        return inspect.markcoroutinefunction(lambda: call())

    def marked_instance(tries):
        class Wrapper:
            def __call__(self):
                return marked_function(tries)()

        return inspect.markcoroutinefunction(Wrapper())

    @pytest.mark.parametrize("make", [marked_function, marked_instance])
    def test_what_is_marked_as_a_coroutine_function_is_one(make, sleeps):
        tries = []
        target = make(tries)
        call = rebackoff.on_exception(rebackoff.constant, ConnectionError, max_tries=3)(target)
        assert inspect.iscoroutinefunction(call)
        with pytest.raises(ConnectionError):
            asyncio.run(call())
        assert len(tries) == 3


@pytest.mark.parametrize(
    "name", ["on_exception", "on_predicate", "retry_context", "aretry_context"]
)
def test_the_signature_shows_the_options(name):
    parameters = inspect.signature(getattr(rebackoff, name)).parameters
    assert list(parameters)[-1] == "wait_gen_kwargs"
    assert parameters["max_tries"].default is None and parameters["logger"].default == "backoff"
    assert ("timeout" in parameters) == name.startswith("on_")
    assert ("giveup" in parameters) == (name != "on_predicate")
