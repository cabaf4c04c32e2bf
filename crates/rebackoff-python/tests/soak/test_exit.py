"""Programs that end while daemon threads are inside a call: each ends with its own exit code, every time."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

# 20 in scripts/test-long
RUNS = int(os.environ.get("SOAK_ROUNDS", "1"))
HEAD = """
import rebackoff, socket, sys, threading, time, warnings
warnings.simplefilter("ignore")
options = dict(jitter=None, logger=None)
class Rows:  # a lazy query: true when the database has rows
    def __bool__(self):
        time.sleep(0.5)
        return True
class Page:  # a value that takes its time to die
    def __del__(self):
        time.sleep(0.2)
class Hint:
    def total_seconds(self):
        time.sleep(0.5)
        return 0
class Number(float):
    def __mul__(self, other):
        time.sleep(0.5)
        return Number(0)
    __rmul__ = __mul__
def waits():  # a wait generator that reads its settings first
    time.sleep(0.5)
    yield
    while True:
        yield 0
def fail():
    raise OSError
"""
TAIL = """
for _ in range(threads):
    threading.Thread(target=call, daemon=True).start()
heap = [[{i}] for i in range(1_500_000)]  # takes a while to be torn down
time.sleep(0.25)
"""
PROGRAMS = {
    "refused values that close": """
threads = 4
call = rebackoff.on_predicate(rebackoff.constant, lambda v: True, interval=0.0001, **options)(socket.socket)
""",
    "waits": """
threads = 1
call = rebackoff.on_exception(waits, OSError, **options)(fail)
""",
    "bool": """
threads = 1
call = rebackoff.on_predicate(rebackoff.constant, lambda v: Rows(), interval=0, **options)(int)
""",
    "giveup": """
threads = 1
call = rebackoff.on_exception(
    rebackoff.constant, OSError, interval=0, giveup=lambda e: not Rows(), **options
)(fail)
""",
    "value": """
threads = 1
call = rebackoff.on_predicate(rebackoff.constant, lambda v: True, interval=0, **options)(Page)
""",
    "base": """
threads = 8
call = rebackoff.on_exception(rebackoff.constant, BaseException, interval=0.0005, **options)(fail)
""",
    "hint": """
threads = 1
call = rebackoff.on_exception(
    rebackoff.constant, OSError, interval=0, hint=lambda e: Hint(), **options
)(fail)
""",
    "arithmetic": """
threads = 1
call = rebackoff.on_exception(rebackoff.expo, OSError, factor=Number(0), **options)(fail)
""",
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_exit_is_clean_while_a_daemon_thread_is_inside(program):
    for _ in range(RUNS):
        command = [sys.executable, "-c", HEAD + program + TAIL]
        run = subprocess.run(command, capture_output=True, timeout=600)
        assert (run.returncode, run.stderr) == (0, b"")
