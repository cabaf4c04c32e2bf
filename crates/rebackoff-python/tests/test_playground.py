"""The texts that the playground of the guide shows, which its own tests record."""

import json
from pathlib import Path

import pytest
import rebackoff

TEXTS = json.loads((Path(__file__).parents[3] / "docs/playground/texts.json").read_text("utf-8"))


@pytest.mark.parametrize(("python", "toml"), TEXTS)
def test_the_python_and_toml_texts_of_the_playground_make_one_policy(python, toml):
    names = {}
    exec(python, names)
    assert names["policy"] == rebackoff.Policy.from_toml(toml, "fetch")
    assert names["fetch"]() is None
