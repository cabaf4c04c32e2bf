"""Measures this project beside its peers, in Rust and in Python, and writes bench/RESULTS.md.

usage: scripts/bench            all of it; about a quarter of an hour
       scripts/bench --rust     the Rust half, printed and not written
       scripts/bench --record   this project's own counts, into bench/recorded.json
       scripts/bench --check    fails where a count is above the recorded one by more than 5 %, or
                                above what it must reach
"""

import subprocess
import sys

import machine
import pages
import recorded
import rust


def main(arguments: list[str]) -> int:
    if arguments == ["--check"]:
        return recorded.check(rust.own_counts(), rust.times())
    if arguments == ["--record"]:
        counts = rust.own_counts()
        recorded.write(counts)
        return recorded.check(counts, rust.times())
    if arguments == ["--rust"]:
        print(pages.rust_half(rust.measure()))
        return 0
    if arguments:
        print(__doc__)
        return 0 if arguments == ["--help"] else 2
    before = machine.load()
    figures = rust.measure()
    between = machine.load()
    simulator = rust.simulator()
    python = python_tables()
    loads = f"{before} before, {between} after the Rust half, {machine.load()} at the end"
    page = pages.whole(figures, simulator, python, loads)
    (rust.BENCH / "RESULTS.md").write_text(page)
    print(page)
    return 0


def python_tables() -> str:
    command = [sys.executable, "-B", str(rust.BENCH / "python" / "report.py")]
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout


sys.exit(main(sys.argv[1:]))
