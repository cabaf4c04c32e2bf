"""Python takes the steps of the vectors in `conformance/`; the longest calls are among the soak tests."""

from __future__ import annotations

import pytest
from vectors import Stage, cases, in_python

CASES = list(cases(long=False))


@pytest.mark.parametrize("case", CASES)
def test_blocking_calls_take_the_steps_of_the_vectors(case, monkeypatch):
    case = in_python(case)
    Stage(case, monkeypatch).play(case["policy"])


@pytest.mark.parametrize("case", CASES)
def test_async_calls_take_the_steps_of_the_vectors(case, monkeypatch):
    case = in_python(case)
    Stage(case, monkeypatch).play_async(case["policy"])
