"""Holds this project's figures against the recorded ones, and against what they must reach."""

import itertools
import json
import sys

from bars import AT_MOST, DEEPER, MULTIPLES, MUST_REACH, NOT_YET, TIMES
from rust import BENCH, OURS, PLAIN, Figures

FILE = BENCH / "recorded.json"
TOLERANCE = 1.05
# By how much the counts of two runs differ.
NOISE = 0.05


def write(counts: Figures) -> None:
    own = {row: round(figure, 2) for row, figure in own_of(counts).items()}
    FILE.write_text(json.dumps(own, indent=2, sort_keys=True) + "\n")


def check(counts: Figures, times: Figures) -> int:
    own = own_of(counts)
    above_bars = [
        *above_what_they_must_reach(own),
        *above_others(counts),
        *above_multiples(counts),
        *slower_than_they_must_be(times),
    ]
    failures = [
        *above_the_recorded(own),
        *deeper_and_dearer(own),
        *(f"{row}: {miss}" for row, miss in above_bars if row not in NOT_YET),
    ]
    print(table(own, own_of(times)))
    for row, miss in above_bars:
        if row in NOT_YET:
            print(f"not yet: {row}: {miss}")
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


def own_of(figures: Figures) -> dict[str, float]:
    return {row: figure for (peer, row), figure in figures.items() if peer == OURS}


def table(counts: dict[str, float], times: dict[str, float]) -> str:
    lines = [f"{'':32} {'count':>10} {'plain':>10} {'ns':>10} {'plain':>10}"]
    for row in sorted({row.removesuffix(PLAIN) for row in counts | times}):
        cells = [figures.get(row + kind) for figures in (counts, times) for kind in ("", PLAIN)]
        cells = ["" if cell is None else f"{cell:.2f}" for cell in cells]
        lines.append(f"{row:32} {' '.join(cell.rjust(10) for cell in cells)}".rstrip())
    return "\n".join(lines)


def above_the_recorded(own: dict[str, float]):
    old = json.loads(FILE.read_text())
    for row in sorted(own.keys() ^ old.keys()):
        yield f"{row}: measured or recorded, but not both; `scripts/bench --record`"
    for row in sorted(own.keys() & old.keys()):
        if own[row] > old[row] * TOLERANCE:
            yield f"{row}: {own[row]:.2f}, and {old[row]:.2f} is recorded"


def above_what_they_must_reach(own: dict[str, float]):
    for row, most in MUST_REACH.items():
        if own[row] > most + NOISE:
            yield row, f"{own[row]:.2f} must be at most {most}"


def above_others(counts: Figures):
    for row, others in AT_MOST.items():
        for other in others:
            if counts[OURS, row] > counts[other] + NOISE:
                theirs = f"{counts[other]:.2f} of {' '.join(other)}"
                yield row, f"{counts[OURS, row]:.2f} must be at most the {theirs}"


def above_multiples(counts: Figures):
    for row, (most, other) in MULTIPLES.items():
        own, theirs = counts[OURS, row], counts[other]
        if own > most * theirs + NOISE:
            yield (
                row,
                f"{own:.2f} must be at most {most} times the {theirs:.2f} of {' '.join(other)}",
            )


def deeper_and_dearer(own: dict[str, float]):
    for kind in ("", PLAIN):
        nested = [own[f"nested_{depth}{kind}"] for depth in range(7)]
        _, second, *deeper = (after - before for before, after in itertools.pairwise(nested))
        for level, cost in enumerate(deeper, 3):
            if cost > second * DEEPER:
                yield f"nested_{level}{kind}: it costs {cost:.2f}, and the second level {second:.2f}"


def slower_than_they_must_be(times: Figures):
    for row, (most, other, theirs) in TIMES.items():
        bar = times[other] * most / theirs
        if times[OURS, row] > bar:
            yield (
                row,
                f"{times[OURS, row]:.1f} ns must be at most {bar:.1f} ns: "
                f"{most} where {' '.join(other)} takes {theirs}, and it took {times[other]:.1f} ns",
            )
