"""An interpreter for each library: they share an import name, so each has its own virtual environment."""

import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[4]
CACHE = ROOT / "target" / "differential"
ORIGINALS = {"2.2.1": "backoff==2.2.1", "3.0.0": "python-backoff==3.0.0"}


def interpreter(version):
    """Path of CPython `version` ("3.13"), from pyenv or the PATH; None where there is none."""
    under_pyenv = sorted(pathlib.Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    return str(under_pyenv[-1]) if under_pyenv else shutil.which(f"python{version}")


def original(name, version):
    """The interpreter that imports one original as `backoff`; installed once, then reused."""
    home = CACHE / version / ORIGINALS[name].replace("==", "-")
    python = home / "bin" / "python"
    done = home / "installed"
    if not done.exists():
        subprocess.run([interpreter(version), "-m", "venv", "--clear", home], check=True)
        subprocess.run(
            [
                python,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                ORIGINALS[name],
            ],
            check=True,
        )
        done.touch()
    return str(python)


def ours(version):
    """The interpreter that imports rebackoff, built from this tree."""
    subprocess.run(
        [ROOT / "scripts" / "python-env", version], check=True, stdout=subprocess.DEVNULL
    )
    return str(ROOT / "target" / "python" / version / "bin" / "python")
