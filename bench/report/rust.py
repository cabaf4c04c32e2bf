"""Measures the Rust half.

Instructions are counted by callgrind, as what a run of 2n calls costs beyond a run of n. They are
the same on a busy machine; times are not, and are medians over rounds in which all take turns.
"""

import collections
import concurrent.futures
import dataclasses
import os
import pathlib
import re
import statistics
import subprocess
import sys

BENCH = pathlib.Path(__file__).resolve().parent.parent
OURS, HAND, HAND_WITH_MAX_TIME = "rebackoff", "hand", "hand-max_time"
CALLS = 50_000
# A peer walks the pause that these are about.
CALLS_AFTER_A_PAUSE = 4
CROWD_ROUNDS = 5
THREAD_ROUNDS, THREAD_CALLS = 11, 200_000
TIMED_ROUNDS, TIMED_CALLS = 20, 20_000

# What ends the name of a row in the plain release profile, and the rows that are counted in it beside those with times.
PLAIN = ", plain"
BARE = [
    "blocking_success",
    "blocking_retry",
    "async_success",
    "async_retry",
    "next_wait",
    "breaker_rejected",
]

# The models of the simulator: title, and simulated seconds that a profiler can count.
SIMULATED = {"worker": ("M/M/1", 1000), "clients": ("retries, 100 000 pending events", 2)}
WAYS = ["plain", "simulator"]

# (peer, row) -> figure; the row ends in PLAIN where the program does not have fat LTO
Figures = dict[tuple[str, str], float]

# The rows of others that our own are held against.
HELD_AGAINST = [
    (HAND, "next_wait_without_jitter"),
    (HAND, "next_wait_without_jitter, plain"),
    (HAND_WITH_MAX_TIME, "blocking_success"),
    (HAND_WITH_MAX_TIME, "async_success"),
    ("governor", "bucket_permitted"),
    ("governor", "bucket_refused"),
    ("tower", "share_permitted"),
    ("tower", "share_refused"),
    ("tower", "share_deposit"),
    ("recloser", "breaker_rate_success"),
    ("recloser", "breaker_rejected"),
    ("failsafe", "breaker_success"),
    ("failsafe", "breaker_rate_success"),
    ("failsafe", "breaker_rejected"),
    ("tokio", "timeout_success"),
    ("tokio", "timeout_success, plain"),
]


@dataclasses.dataclass
class Crowd:
    """Medians of a peer: milliseconds, MiB, and ratios to the loop by hand in the same round."""

    wall: float
    cpu: float
    memory: float
    wall_ratio: float
    cpu_ratio: float


@dataclasses.dataclass
class Measured:
    instructions: Figures
    # nanoseconds of a call, the least over rounds
    times: Figures
    weights: Figures
    crowds: dict[str, Crowd]
    # (peer, row) -> nanoseconds of a call on one thread and on two, and the ratios to governor
    threads: dict[tuple[str, str], tuple[float, float, float, float]]
    # (peer, edge) -> what it does
    edges: dict[tuple[str, str], str]


ALL_PEERS: tuple[str, ...] = ()
# What the counts are held against alone: it builds in a third of the time.
FEW_PEERS = ("--no-default-features", "--target-dir", "target/few")
target = BENCH / "target"


def measure() -> Measured:
    build(ALL_PEERS)
    return Measured(
        count(in_both_profiles(all_rows())), times(), weigh(), crowds(), threads(), edges()
    )


def own_counts() -> Figures:
    """This project's counts, and those that they are held against."""
    global target
    target = BENCH / "target" / "few"
    build(FEW_PEERS)
    own = in_both_profiles([row for row in all_rows() if row[0] == OURS])
    weights = {key: weight for key, weight in weigh().items() if key[0] == OURS}
    return count(own + HELD_AGAINST) | weights


def build(options: tuple[str, ...]) -> None:
    command = ["cargo", "build", "--locked", "--quiet", *options]
    subprocess.run([*command, "--release"], cwd=BENCH, check=True)
    subprocess.run([*command, "--profile", "plain", "--bin", "measure"], cwd=BENCH, check=True)


def output(program: str, *arguments: str, kind: str = "") -> str:
    command = [target / ("plain" if kind else "release") / program, *arguments]
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout


def all_rows() -> list[tuple[str, str]]:
    return [(peer, row) for peer, row in map(str.split, output("measure", "rows").splitlines())]


def in_both_profiles(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    timed = {line.split()[1] for line in output("measure", "timed").splitlines()}
    return rows + [(peer, row + PLAIN) for peer, row in rows if row in timed or row in BARE]


def count(rows: list[tuple[str, str]]) -> Figures:
    say(f"counting {len(rows)} rows")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(rows, pool.map(lambda row: instructions_of_a_call(*row), rows)))


def instructions_of_a_call(peer: str, row: str) -> float:
    calls = CALLS_AFTER_A_PAUSE if "_after_" in row else CALLS
    return (instructions(peer, row, 2 * calls) - instructions(peer, row, calls)) / calls


def instructions(peer: str, row: str, calls: int) -> int:
    profile = "plain" if row.endswith(PLAIN) else "release"
    measure = str(target / profile / "measure")
    return collected(measure, "count", peer, row.removesuffix(PLAIN), str(calls))[0]


def collected(*command: str) -> tuple[int, str]:
    """The instructions of a program, and what it printed."""
    profiler = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    run = subprocess.run([*profiler, *command], text=True, capture_output=True)
    found = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode or not found:
        raise RuntimeError(f"{' '.join(command)}: {run.stderr}")
    return int(found[1]), run.stdout


def times() -> Figures:
    """Nanoseconds of a call, the least over rounds, which a busy machine changes least."""
    taken = collections.defaultdict(list)
    for kind in ("", PLAIN):
        say(f"timing{kind}")
        for line in output(
            "measure", "times", str(TIMED_ROUNDS), str(TIMED_CALLS), kind=kind
        ).splitlines():
            peer, row, figure = line.split()
            taken[peer, row + kind].append(float(figure))
    found = {key: min(figures) for key, figures in taken.items()}
    levels = {
        (peer, f"nested_level{kind}"): (
            found[peer, f"nested_6{kind}"] - found[peer, f"nested_1{kind}"]
        )
        / 5
        for peer in (OURS, HAND)
        for kind in ("", PLAIN)
    }
    return found | levels


def weigh() -> Figures:
    """Bytes of a future, allocations of a call or a retry."""
    say("weighing")
    weights = {}
    for line in output("weigh").splitlines():
        peer, row, figure = line.split()
        weights[peer, row] = float(figure)
    return weights


def crowds() -> dict[str, Crowd]:
    peers = output("measure", "crowds").split()
    taken = collections.defaultdict(list)
    for round_number in range(CROWD_ROUNDS):
        say(f"100 000 tasks, round {round_number + 1} of {CROWD_ROUNDS}")
        for peer in peers:
            taken[peer].append(crowd(peer))
    return {peer: median_crowd(rounds, taken[HAND]) for peer, rounds in taken.items()}


def crowd(peer: str) -> tuple[float, float, float]:
    """Milliseconds, milliseconds on processors, MiB at the most."""
    command = [target / "release" / "measure", "crowd", peer]
    process = subprocess.Popen(command, text=True, stdout=subprocess.PIPE)
    assert process.stdout
    wall = float(process.stdout.read())
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the crowd of {peer} failed")
    return wall, (usage.ru_utime + usage.ru_stime) * 1e3, usage.ru_maxrss / 1024


def median_crowd(rounds: list, hand: list) -> Crowd:
    wall, cpu, memory = (statistics.median(column) for column in zip(*rounds))
    ratios = [
        statistics.median(ours[n] / theirs[n] for ours, theirs in zip(rounds, hand)) for n in (0, 1)
    ]
    return Crowd(wall, cpu, memory, *ratios)


def threads() -> dict[tuple[str, str], tuple[float, float, float, float]]:
    say("one thread and two")
    taken = collections.defaultdict(list)
    for line in output("measure", "threads", str(THREAD_ROUNDS), str(THREAD_CALLS)).splitlines():
        peer, row, one, two = line.split()
        taken[peer, row].append((float(one), float(two)))
    governor = taken["governor", "bucket_permitted"]
    found = {}
    for key, rounds in taken.items():
        times = [statistics.median(column) for column in zip(*rounds)]
        ratios = [
            statistics.median(ours[n] / theirs[n] for ours, theirs in zip(rounds, governor))
            for n in (0, 1)
        ]
        found[key] = (times[0], times[1], ratios[0], ratios[1])
    return found


def edges() -> dict[tuple[str, str], str]:
    found = {}
    for line in (output("measure", "edges") + output("clocks")).splitlines():
        peer, edge, behaviour = line.split("\t")
        found[peer, edge] = behaviour
    return found


def versions() -> dict[str, str]:
    """Of what is in the lock file."""
    lock = (BENCH / "Cargo.lock").read_text()
    return dict(re.findall(r'name = "(.+)"\nversion = "(.+)"', lock))


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def simulator() -> str:
    """The tables of the simulator beside plain loops."""
    command = ["cargo", "run", "--quiet", "--release", "--no-default-features", "--bin", "simulate"]
    tables = subprocess.run(
        command, cwd=BENCH, check=True, text=True, stdout=subprocess.PIPE
    ).stdout
    lines = [
        "| instructions of an event | plain loop | simulator | ratio |",
        "|---|---:|---:|---:|",
    ]
    for model, (title, seconds) in SIMULATED.items():
        plain, ours = (instructions_of_an_event(model, way, seconds) for way in WAYS)
        lines.append(f"| {title} | {plain:.0f} | {ours:.0f} | {ours / plain:.1f} |")
    return tables + "\n" + "\n".join(lines) + "\n"


def instructions_of_an_event(model: str, way: str, seconds: int) -> float:
    def counted(seconds: int) -> tuple[int, float]:
        run = collected(str(target / "release/simulate"), model, way, str(seconds))
        return run[0], float(run[1])

    (one, events), (two, more_events) = counted(seconds), counted(2 * seconds)
    return (two - one) / (more_events - events)
