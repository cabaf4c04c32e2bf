#!/usr/bin/env python3
"""Counts sentences that are hard to read, for each file, against the limits of style.limits.

    python3 ci/lint/style.py             fails where a count is not its limit
    python3 ci/lint/style.py --update    lowers the limits to the counts, and raises none

A *question* is a doc summary that begins with What, How, When, Who, Which, Where, Why, Whether or "The same". It
should be a noun phrase or a verb phrase. A *non-actor* is a line with `nobody`, `somebody` or `whoever`. It should name
the actor: target, caller, server, breaker. A word in backticks is quoted, and counts for nothing.
"""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

# No import leaves bytecode beside the sources.
sys.dont_write_bytecode = True

from limits import main  # noqa: E402 - after bytecode is off

ROOT = Path(__file__).parents[2]
# The check itself and its tests name the words that they count.
FILES = ["*.rs", "*.py", "*.pyi", "*.md", "scripts/*", ":!ci/lint/*style.py"]

QUESTION = re.compile(
    r"[\W_]*(What|How|When|Who|Which|Where|Why|Whether|The same)\b", re.IGNORECASE
)
# letters alone end a word: names such as `wakes_nobody` count as well
NON_ACTOR = re.compile(r"(?<![a-z])(nobody|somebody|whoever)(?![a-z])", re.IGNORECASE)
QUOTED = re.compile(r"`[^`]*`")
DOC_COMMENT = re.compile(r"\s*//([/!])(?!/)(.*)")


def summaries(name, text):
    """Yields line number and text of the first line of each doc comment or docstring."""
    if name.endswith(".rs"):
        return summaries_of_rust(text)
    if name.endswith((".py", ".pyi")):
        return summaries_of_python(text)
    return ()


def summaries_of_rust(text):
    within = None
    for number, line in enumerate(text.splitlines(), 1):
        comment = DOC_COMMENT.match(line)
        kind = comment and comment[1]
        if comment and kind != within and not comment[2].strip():
            continue
        if comment and kind != within:
            yield number, comment[2]
        within = kind


def summaries_of_python(text):
    """A string that is a statement documents what stands before it, so those of attributes count too."""
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            blank = re.match(r"\s*", node.value.value)[0].count("\n")
            yield node.lineno + blank, node.value.value.strip().partition("\n")[0]


def offences(name, text):
    """Yields the kind of each offence of a file, and the line at fault."""
    for number, summary in summaries(name, text):
        if QUESTION.match(summary):
            yield "question", f"{name}:{number}: {summary.strip()}"
    for number, line in enumerate(text.splitlines(), 1):
        if NON_ACTOR.search(QUOTED.sub("", line)):
            yield "non-actor", f"{name}:{number}: {line.strip()}"


def places(texts):
    """Returns the lines at fault for each kind and file."""
    found = defaultdict(list)
    for name, text in texts:
        for kind, line in offences(name, text):
            found[f"{name} {kind}s"].append(line)
    return found


def tracked():
    names = subprocess.run(
        ["git", "ls-files", "-z", *FILES], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    for name in names.stdout.split("\0")[:-1]:
        if (ROOT / name).exists():
            yield name, (ROOT / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(__file__, places(tracked()), sys.argv[1:]))
