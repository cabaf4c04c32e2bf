"""Runs the benchmark on each interpreter, prints its tables and judges the ratios."""

import argparse
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
    parser.add_argument("--check", action="store_true", help="fail when a ratio is not reached")
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
    print("\n".join(missed) if missed else "every ratio is reached", file=sys.stderr)
    return 1 if missed and options.check else 0


INTRODUCTION = (
    "The command: `scripts/bench-python`. CPU time of the calling thread, all libraries in one process and taking turns, the least of\n"
    f"{measure.ROUNDS} rounds after one to warm up. Overhead is the decorated call less the bare call, or less a loop by hand around the\n"
    "same failing target; `time.sleep` does nothing here. In the last two columns: how many times less rebackoff costs than backoff\n"
    "2.2.1, and what it has to reach."
)


def environment(version):
    """The interpreter with rebackoff installed, built from this tree."""
    subprocess.run([ROOT / "scripts" / "python-env", version], check=True, stdout=sys.stderr)
    return ROOT / "target" / "python" / version / "bin" / "python"


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
    missed = []
    for row in rows.ROWS:
        costs = {label: cost / 1000 for label, cost in measured["rows"][row.name].items()}
        if row.most:
            _limited_line(lines, missed, version, row, costs)
            continue
        _line(lines, missed, version, row.title + ", µs", costs, row.ratio(version), "{:.3f}")
    _line(
        lines,
        missed,
        version,
        "import, over the bare interpreter, ms",
        measured["imports"],
        rows.IMPORT_RATIO,
        "{:.1f}",
    )
    return lines, missed


def _limited_line(lines, missed, version, row, costs):
    """A row that the peers do not have: what it may cost."""
    cost, most = costs[OURS], row.most / 1000
    cells = [f"{cost:.3f}" if label == OURS else "" for label in LABELS]
    is_within = cost <= most
    lines.append(
        f"| {row.title}, µs | {' | '.join(cells)} | | at most {most:g} {'reached' if is_within else 'missed'} |"
    )
    if not is_within:
        missed.append(f"CPython {version}: {row.title}: {cost:.3f} µs, at most {most:g}")


def _line(lines, missed, version, title, costs, must, form):
    ratio = costs[REFERENCE] / max(costs[OURS], 1e-9) if OURS in costs else 0
    cells = [form.format(costs[label]) if label in costs else "—" for label in LABELS]
    lines.append(
        f"| {title} | {' | '.join(cells)} | {ratio:.1f} | {must:g} {'reached' if ratio >= must else 'missed'} |"
    )
    if ratio < must:
        missed.append(f"CPython {version}: {title}: {ratio:.1f} instead of {must:g}")


if __name__ == "__main__":
    sys.exit(main())
