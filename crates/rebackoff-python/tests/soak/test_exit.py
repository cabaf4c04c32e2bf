"""Programs that end while daemon threads are inside a call: each ends with its own exit code, every time."""

from __future__ import annotations

import subprocess
import sys

import pytest

RUNS = 20

POLLS_FOR_SOCKETS = """
import rebackoff, socket, threading, time, warnings
warnings.simplefilter("ignore")
@rebackoff.on_predicate(rebackoff.constant, lambda v: True, interval=0.0001, jitter=None, logger=None)
def poll():
    return socket.socket()
for _ in range(4):
    threading.Thread(target=poll, daemon=True).start()
heap = [[{i}] for i in range(1_000_000)]
time.sleep(0.2)
"""


@pytest.mark.parametrize(
    "program", [POLLS_FOR_SOCKETS], ids=["refused values that close as they die"]
)
def test_exit_is_clean_while_a_daemon_thread_is_inside(program):
    for _ in range(RUNS):
        run = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=600)
        assert (run.returncode, run.stderr) == (0, b"")
