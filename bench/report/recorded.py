"""Holds this project's counts against the recorded ones, and against what they must reach."""

import json
import sys

from rust import BENCH, HAND_WITH_MAX_TIME, OURS, Figures

FILE = BENCH / "recorded.json"
TOLERANCE = 1.05
# By how much the counts of two runs differ.
NOISE = 0.05

# row -> the most that it may be
MUST_REACH = {
    "blocking_success": 14,
    "async_success": 50,
    "blocking_retry": 80,
    "next_wait": 60,
    "future_bytes": 192,
    "blocking_success_allocations": 0,
    "blocking_retry_allocations": 0,
    "async_success_allocations": 0,
    "async_retry_timer_allocations": 0,
}

# our row -> (peer, row) that it may not cost more than
AT_MOST = {
    # a call costs no more than the loop by hand that could limit its time as well
    "blocking_success": [(HAND_WITH_MAX_TIME, "blocking_success")],
    "async_success": [(HAND_WITH_MAX_TIME, "async_success")],
    "bucket_permitted": [("governor", "bucket_permitted")],
    "bucket_refused": [(OURS, "bucket_permitted")],
    "share_permitted": [("governor", "bucket_permitted"), ("tower", "share_permitted")],
    "share_refused": [(OURS, "share_permitted"), ("tower", "share_refused")],
    "share_deposit": [("tower", "share_deposit")],
    "quota_permitted": [("governor", "bucket_permitted")],
    "throttle_permitted": [("governor", "bucket_permitted")],
    "breaker_success": [
        ("governor", "bucket_permitted"),
        ("recloser", "breaker_rate_success"),
        ("failsafe", "breaker_success"),
    ],
    "breaker_rate_success": [
        ("governor", "bucket_permitted"),
        ("recloser", "breaker_rate_success"),
        ("failsafe", "breaker_rate_success"),
    ],
    # a refused retry costs no more than a permitted one, but for a throttle, which takes nothing for that one;
    # and an idle month no more than a second
    "quota_refused": [(OURS, "quota_permitted")],
    "throttle_refused": [("governor", "bucket_refused")],
    "bucket_after_month": [(OURS, "bucket_after_second")],
    "share_after_month": [(OURS, "share_after_second")],
}


def write(counts: Figures) -> None:
    own = {row: round(figure, 2) for (peer, row), figure in counts.items() if peer == OURS}
    FILE.write_text(json.dumps(own, indent=2, sort_keys=True) + "\n")


def check(counts: Figures) -> int:
    own = {row: figure for (peer, row), figure in counts.items() if peer == OURS}
    failures = [*above_the_recorded(own), *above_what_they_must_reach(own), *above_others(counts)]
    for row, figure in sorted(own.items()):
        print(f"{row:32} {figure:10.2f}")
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


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
            yield f"{row}: {own[row]:.2f} must be at most {most}"


def above_others(counts: Figures):
    for row, others in AT_MOST.items():
        for other in others:
            if counts[OURS, row] > counts[other] + NOISE:
                theirs = f"{counts[other]:.2f} of {' '.join(other)}"
                yield f"{row}: {counts[OURS, row]:.2f} must be at most the {theirs}"
