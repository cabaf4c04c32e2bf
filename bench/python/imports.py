"""CPU time of `import library` in a fresh interpreter, less that of an interpreter that imports nothing."""

import os
import statistics
import subprocess
import sys

RUNS = 15


def milliseconds(places):
    """`places` maps a label to (module, folder or None)."""
    samples = {label: [] for label in places}
    bare = []
    for _ in range(RUNS):
        bare.append(_run("pass", None))
        for label, (module, folder) in places.items():
            samples[label].append(_run(f"import {module}", folder))
    nothing = statistics.median(bare)
    return {
        label: (statistics.median(values) - nothing) * 1000 for label, values in samples.items()
    }


def _run(code, folder):
    environment = {**os.environ, **({"PYTHONPATH": str(folder)} if folder else {})}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{code} failed with {folder}")
    return usage.ru_utime + usage.ru_stime
