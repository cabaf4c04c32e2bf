"""Runs the benchmark on each interpreter, prints its tables and judges the ratios."""

import argparse
import dataclasses
import json
import pathlib
import subprocess
import sys

import measure
import rows

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CACHE = ROOT / "target" / "bench-python"
OURS, REFERENCE = "rebackoff", "backoff 2.2.1"
# how much dearer a row may be than the first one's, as times differ from run to run
SLACK = 1.03
LABELS = (
    REFERENCE,
    "python-backoff 3.0.0",
    "tenacity",
    "stamina",
    "backon",
    "nopanic",
    "retrying",
    OURS,
)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench-python", description=__doc__)
    parser.add_argument(
        "--python",
        action="append",
        metavar="VERSION",
        help="interpreter, may be repeated (3.11 and 3.13)",
    )
    parser.add_argument(
        "--interpreter", help="path of the interpreter to use as it is, with rebackoff installed"
    )
    parser.add_argument(
        "--check", action="store_true", help="fail when a bar is missed that was reached"
    )
    options = parser.parse_args()
    missed = []
    print(INTRODUCTION)
    for version in options.python or ("3.11", "3.13"):
        python = options.interpreter or environment(version)
        measured = json.loads(
            subprocess.run(
                [python, "-B", HERE, folders(version, python)], check=True, stdout=subprocess.PIPE
            ).stdout
        )
        table, below = tables(measured)
        print("\n" + "\n".join(table), flush=True)
        missed += below
    print("\n".join(missed) if missed else "every bar that is enforced is reached", file=sys.stderr)
    return 1 if missed and options.check else 0


INTRODUCTION = (
    "The command: `scripts/bench-python`. CPU time of the calling thread, all libraries in one process and taking turns, the least of\n"
    f"{measure.ROUNDS} rounds after one to warm up. Overhead is the decorated call less the bare call, or less a loop by hand around the\n"
    "same failing target; `time.sleep` does nothing here. In the last two columns: how many times less rebackoff costs than backoff\n"
    "2.2.1, and what it has to reach."
)


def environment(version):
    """An interpreter with rebackoff, built from this tree, and without the drop-in, which would stand for `backoff`."""
    subprocess.run([ROOT / "scripts" / "python-env", version], check=True, stdout=sys.stderr)
    tested, home = ROOT / "target" / "python" / version, CACHE / version / "rebackoff"
    subprocess.run([tested / "bin" / "python", "-m", "venv", "--clear", home], check=True)
    (wheel,) = (tested / "wheels").glob("rebackoff-*.whl")
    pip = [home / "bin" / "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, wheel], check=True)
    return home / "bin" / "python"


def folders(version, python):
    """One folder of packages for each peer, installed once."""
    home = CACHE / version
    for file in sorted((HERE / "libraries").glob("[a-z]*.py")):
        requirement = _requirement(file.stem)
        if requirement and not (home / file.stem / requirement).exists():
            subprocess.run(
                [
                    python,
                    "-m",
                    "pip",
                    "install",
                    "-q",
                    "--disable-pip-version-check",
                    "--upgrade",
                    "--target",
                    home / file.stem,
                    requirement,
                ],
                check=True,
            )
            (home / file.stem / requirement).touch()
    return home


def _requirement(name):
    text = pathlib.Path(HERE, "libraries", f"{name}.py").read_text()
    found = [line.split('"')[1] for line in text.splitlines() if line.startswith('REQUIREMENT = "')]
    return found[0] if found else None


def tables(measured):
    version = measured["version"]
    lines = [
        f"### CPython {version}",
        "",
        "| | " + " | ".join(LABELS) + " | ratio | must reach |",
        "|---|" + "---:|" * (len(LABELS) + 2),
    ]
    behind, missed = [], []
    for row in rows.ROWS:
        costs = {label: cost / 1000 for label, cost in measured["rows"][row.name].items()}
        enforced = row.is_enforced(version)
        bar = Bar(version, row.title + ", µs", row.ratio, row.most, enforced, row.behind)
        _line(lines, behind, missed, bar, costs, "{:.3f}")
    for title, name, ratio in (
        ("import, over the bare interpreter, ms", "import", rows.IMPORT_RATIO),
        ("import and first decorated call, ms", "decorated", rows.DECORATED_RATIO),
    ):
        _line(
            lines, behind, missed, Bar(version, title, ratio), measured["imports"][name], "{:.1f}"
        )
    bar = Bar(
        version,
        "memory of a decorated function, bytes",
        most=rows.MOST_BYTES,
        behind=rows.BYTES_BEHIND,
    )
    _line(lines, behind, missed, bar, measured["bytes"], "{:.0f}")
    if behind:
        lines += ["", "Another is first in:", "", *behind]
    return lines, missed


@dataclasses.dataclass(frozen=True)
class Bar:
    """A row's bar: the least ratio to the reference, or the most that it may cost."""

    version: str
    title: str
    ratio: float = 0
    most: float = 0
    is_enforced: bool = True
    behind: str = ""

    def text(self, is_reached):
        bar = f"{self.ratio:g}" if self.ratio else f"at most {self.most:g}"
        return f"{bar} {'reached' if is_reached else 'missed' if self.is_enforced else 'not yet'}"


def _line(lines, behind, missed, bar, costs, form):
    cost = costs[OURS]
    ratio = costs[REFERENCE] / max(cost, 1e-9) if REFERENCE in costs else 0
    is_reached = ratio >= bar.ratio if bar.ratio else cost <= bar.most
    cells = [form.format(costs[label]) if label in costs else "—" for label in LABELS]
    shown = f"{ratio:.1f}" if ratio else ""
    lines.append(f"| {bar.title} | {' | '.join(cells)} | {shown} | {bar.text(is_reached)} |")
    first = min((label for label in LABELS if label in costs), key=costs.get)
    if cost > costs[first] * SLACK:
        behind.append(
            f"- {bar.title}: {form.format(cost)}, beside {form.format(costs[first])} of {first}"
            + (f": {bar.behind}" if bar.behind else "")
        )
    if not is_reached and bar.is_enforced:
        found = f"{ratio:.1f} times less" if bar.ratio else form.format(cost)
        missed.append(
            f"CPython {bar.version}: {bar.title}: {found}, and the bar is {bar.text(False)}"
        )


if __name__ == "__main__":
    sys.exit(main())
