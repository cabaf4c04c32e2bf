"""The vectors of `conformance/` with a million tries in one call."""

from __future__ import annotations

import os

import pytest
from vectors import Stage, cases, in_python

# all of them in scripts/test-long
CASES = list(cases(long=True))[: None if "SOAK_ROUNDS" in os.environ else 1]


@pytest.mark.parametrize("case", CASES)
def test_blocking_calls_take_a_million_steps(case, monkeypatch):
    case = in_python(case)
    Stage(case, monkeypatch).play(case["policy"])


@pytest.mark.parametrize("case", CASES)
def test_async_calls_take_a_million_steps(case, monkeypatch):
    case = in_python(case)
    Stage(case, monkeypatch).play_async(case["policy"])
