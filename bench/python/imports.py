"""CPU time of an import, and of an import with a first decorated call, in a fresh interpreter, less that of an interpreter that imports nothing."""

import os
import statistics
import subprocess
import sys

from loading import WITHOUT_DROP_IN

RUNS = 15
_FIRST_CALL = "import {module} as b; b.on_exception(b.expo, ValueError, max_tries=3)(int)()"
DECORATED = dict.fromkeys(("backoff 2.2.1", "python-backoff 3.0.0", "rebackoff"), _FIRST_CALL)


def milliseconds(places):
    """`places` maps a label to (module, folder or None)."""
    codes = {
        "import": dict.fromkeys(places, "import {module}"),
        "decorated": {label: DECORATED[label] for label in places if label in DECORATED},
    }
    samples = {what: {label: [] for label in labels} for what, labels in codes.items()}
    bare = []
    for _ in range(RUNS):
        bare.append(_run("pass", None))
        for what, labels in codes.items():
            for label, code in labels.items():
                module, folder = places[label]
                samples[what][label].append(_run(code.format(module=module), folder))
    nothing = statistics.median(bare)
    return {
        what: {
            label: (statistics.median(taken) - nothing) * 1000 for label, taken in labels.items()
        }
        for what, labels in samples.items()
    }


def _run(code, folder):
    environment = {**os.environ, **({"PYTHONPATH": str(folder)} if folder else {})}
    code = f"{WITHOUT_DROP_IN}; {code}"
    process = subprocess.Popen([sys.executable, "-c", code], env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{code} failed with {folder}")
    return usage.ru_utime + usage.ru_stime
