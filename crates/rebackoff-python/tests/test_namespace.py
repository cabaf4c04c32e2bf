"""The public names, their documentation, and the types of details."""

from __future__ import annotations

import inspect
import pathlib
import subprocess
import sys
from typing import get_type_hints

import pytest
import rebackoff
from rebackoff import types
from rebackoff._option_table import NAMES, OPTIONS

FUNCTIONS = ["on_exception", "on_predicate", "retry_context", "aretry_context"]
MODULES = {"http", "presets", "strategies", "telemetry", "testing", "types"}


def test_dir_has_every_public_name():
    names = set(dir(rebackoff))
    assert names >= set(rebackoff.__all__) | MODULES
    assert {"Waits", "Seconds", "Breaker", "Budget", "Keyed", "CircuitOpenError"} <= names
    for name in names:
        getattr(rebackoff, name)


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="on_excepton"):
        rebackoff.on_excepton  # noqa: B018


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_documentation_shows_each_option_with_its_default(name):
    doc = inspect.getdoc(getattr(rebackoff, name))
    for option in NAMES[name]:
        assert f"\n    {option}: {OPTIONS[option].doc} Default: " in doc
    assert (f"timeout: {OPTIONS['timeout'].doc}" in doc) == ("timeout" in NAMES[name])


def test_the_package_is_imported_where_documentation_is_stripped():
    program = (
        "import rebackoff; from rebackoff import http, presets, strategies, telemetry, testing"
    )
    subprocess.run([sys.executable, "-OO", "-c", program], check=True)


def test_the_stub_of_the_drop_in_has_every_public_name():
    stub = pathlib.Path(__file__).parents[1] / "drop-in/backoff-stubs/__init__.pyi"
    names = {line.split()[-1] for line in stub.read_text("utf-8").splitlines() if " as " in line}
    assert names >= set(rebackoff.__all__) | MODULES


def test_the_types_of_options_have_every_option():
    options = types.RetryOptions.__optional_keys__
    assert options == set(NAMES["on_exception"]) - {"raise_on_giveup"}
    settings = types.PolicySettings.__optional_keys__
    strategies = ("constant", "linear", "expo", "fibo", "decay", "decorrelated")
    limits = {"max_tries": 1, "max_time": 1, "reset_after": 1}
    policies = [rebackoff.Policy(one, **limits).to_dict() for one in strategies]
    assert settings == {name for policy in policies for name in policy} - {"wait"}
    get_type_hints(types.PolicySettings)
    with pytest.raises(AttributeError, match="RetryOption"):
        types.RetryOption  # noqa: B018


def test_the_keys_of_details_are_those_of_the_originals():
    required = {"target", "args", "kwargs", "tries", "elapsed"}
    assert types.Details.__required_keys__ == required
    assert types.Details.__optional_keys__ >= {"wait", "value", "exception"}
    assert not types.Details.__total__
    assert types.ContextDetails.__required_keys__ == {"tries", "elapsed"}
    assert get_type_hints(types.Details)["exception"] is Exception
    assert rebackoff._typing._Details.__required_keys__ == required
