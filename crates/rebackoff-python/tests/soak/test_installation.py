"""The drop-in beside the original, in each order in which pip installs them."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import venv
import zipfile

import pytest

WHEELS = pathlib.Path(sys.prefix) / "wheels"
CHECK = "import backoff, importlib.metadata as m; print(backoff.__name__, m.version('backoff'))"


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """A folder with a wheel that has the name, the version and the folder of the original."""
    folder = tmp_path_factory.mktemp("originals")
    info = "backoff-2.2.1.dist-info"
    files = {
        "backoff/__init__.py": "",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: backoff\nVersion: 2.2.1\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / "backoff-2.2.1-py3-none-any.whl", "w") as wheel:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(name, text)
    return folder


class Environment:
    def __init__(self, folder, originals):
        venv.create(folder, with_pip=False)
        self.python = folder / "bin" / "python"
        self.wheels = ["--no-index", "--find-links", str(WHEELS), "--find-links", str(originals)]

    def pip(self, *arguments):
        pip = [sys.executable, "-m", "pip", "--python", str(self.python)]
        subprocess.run([*pip, "--disable-pip-version-check", *arguments], check=True)

    def install(self, *arguments):
        self.pip("install", "--quiet", *self.wheels, *arguments)

    def said(self, code):
        done = subprocess.run(
            [self.python, "-W", "error", "-c", code], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.split()


@pytest.mark.parametrize(
    "steps",
    [
        [["backoff"], ["rebackoff-drop-in"]],
        [["rebackoff-drop-in"], ["--force-reinstall", "--no-deps", "backoff"]],
    ],
    ids=["before", "after"],
)
def test_the_drop_in_wins_and_leaves_the_original_whole(tmp_path, originals, steps):
    environment = Environment(tmp_path, originals)
    for step in steps:
        environment.install(*step)
    assert environment.said(CHECK) == ["rebackoff", "2.2.1"]
    environment.pip("check")
    environment.pip("uninstall", "--quiet", "--yes", "rebackoff-drop-in")
    assert environment.said(CHECK) == ["backoff", "2.2.1"]
    environment.install("rebackoff-drop-in")
    environment.pip("uninstall", "--quiet", "--yes", "backoff")
    assert environment.said("import backoff; print(backoff.__name__)") == ["rebackoff"]
