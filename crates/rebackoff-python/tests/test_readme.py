"""The examples of the project's README, each as a program of its own."""

import pathlib
import re
import subprocess
import sys

import pytest

README = pathlib.Path(__file__).parents[3] / "README.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```", README.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def test_there_are_examples():
    assert EXAMPLES


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.splitlines()[-1])
def test_the_example_runs(example):
    subprocess.run([sys.executable, "-c", example], check=True)
