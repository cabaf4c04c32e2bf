"""The programs in Markdown pages, and how a test runs them."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[3]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
# Each program has a namespace of its own; a page is one process, because an import costs more than a program.
RUNNER = """
import sys
import time
import types

time.sleep = lambda seconds: None  # no page waits for real
for name, program in {programs!r}:
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    exec(compile(program, name, "exec"), module.__dict__)
"""


def programs(page):
    """Yields where a program of a page stands, and its text; an included file has tests of its own."""
    text = page.read_text("utf-8")
    for block in BLOCK.finditer(text):
        if "--8<--" not in block[1]:
            line = text.count("\n", 0, block.start(1))
            # the lines of the page, so that a traceback names them
            yield str(page.relative_to(ROOT)), "\n" * line + block[1]


def run(page):
    program = RUNNER.format(programs=list(programs(page)))
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
