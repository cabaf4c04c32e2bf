"""Measures this project's breaker of a fleet beside its peers on a redis-server of its own; writes bench/FLEET.md.

usage: scripts/bench-fleet
"""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

from peers import OPEN_FOR, PEERS, Call, DownError, guarded, title

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parent / "FLEET.md"
PROCESSES = 4
MEMBERS, TRIPS, WINDOW = 200, 20, 1.0
TURNS = 5
SUCCESSES = 2_000
ROUNDS_OF_PROBES = 4
# a probe is under way for so long, and no two rounds of probes are nearer to each other
PROBE_TIME, GAP = 0.3, 0.6


class Server:
    """A redis-server on a free port."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = ["redis-server", "--port", str(self.port), "--save", ""]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self.url = f"redis://127.0.0.1:{self.port}/0"
        while not self.answers():
            time.sleep(0.01)

    def answers(self) -> bool:
        import redis

        try:
            return bool(redis.Redis.from_url(self.url).ping())
        except redis.ConnectionError:
            return False

    def commands(self) -> int:
        """The commands that clients have sent; those of scripts are not counted."""
        import redis

        stats = redis.Redis.from_url(self.url).info("commandstats")
        own = {"cmdstat_info", "cmdstat_ping", "cmdstat_client|setinfo", "cmdstat_hello"}
        in_scripts = {
            "hmget",
            "zadd",
            "zrem",
            "zremrangebyscore",
            "zcard",
            "pexpire",
            "time",
            "hset",
        }
        in_scripts |= {"hget", "hincrby", "expire", "hdel", "publish", "del"}
        left_out = own | {f"cmdstat_{name}" for name in in_scripts if stats.get("cmdstat_evalsha")}
        return sum(stat["calls"] for name, stat in stats.items() if name not in left_out)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


def succeed() -> None:
    pass


def timed(call: Call) -> float:
    begin = time.perf_counter()
    # without its Redis, a peer may let the error of the client through
    with contextlib.suppress(Exception):
        call(succeed)
    return time.perf_counter() - begin


def commands_per_success(name: str) -> float:
    with Server() as server:
        call = PEERS[name](server.url)
        call(succeed)
        time.sleep(0.2)
        before = server.commands()
        for _ in range(SUCCESSES):
            call(succeed)
        return (server.commands() - before) / SUCCESSES


def times(name: str) -> tuple[list[float], list[float]]:
    """The times of calls with Redis and without it, by turns."""
    healthy, stopped = [], []
    with Server() as server:
        call = PEERS[name](server.url)
        for _ in range(TURNS):
            # the client needs a while to come back to Redis
            time.sleep(1.5)
            call(succeed)
            healthy += times_of_turn(call)
            server.process.send_signal(signal.SIGSTOP)
            stopped += times_of_turn(call)
            server.process.send_signal(signal.SIGCONT)
    return healthy, stopped


def times_of_turn(call: Call) -> list[float]:
    begin, calls = time.perf_counter(), []
    while time.perf_counter() < begin + 1:
        calls.append(timed(call))
    return calls


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def trips() -> list[list[float]]:
    """For each trip that opens the breaker for the fleet, the times until its members are open."""
    import rebackoff

    def fail() -> None:
        raise DownError

    found: list[list[float]] = []
    with Server() as server:
        # each address is a connection of its own
        urls = [f"redis://127.0.0.{n}:{server.port}/0" for n in range(1, MEMBERS + 1)]
        members = [
            rebackoff.Breaker(
                name="shop",
                shared=url,
                failure_rate=0.5,
                min_calls=1,
                window_time=WINDOW,
                open_for=OPEN_FOR,
            )
            for url in urls
        ]
        calls = [guarded(member) for member in members]
        for _ in range(TRIPS):
            for call in calls:
                call(succeed)
            # a member reports a call up to a second later; those that have called in the window would have to vote
            time.sleep(1.5 + WINDOW)
            for call in calls[:2]:
                time.sleep(0.1)
                begin = time.perf_counter()
                with contextlib.suppress(DownError):
                    call(fail)
            waiting, took = members[2:], []
            while waiting:
                now = time.perf_counter()
                still = [member for member in waiting if member.state != "open"]
                took += [now - begin] * (len(waiting) - len(still))
                waiting = still
                time.sleep(0.0005)
            found.append(took)
            while {member.state for member in members} != {"closed"}:
                timed(calls[0])
                time.sleep(0.01)
    return found


def probes(name: str) -> list[int]:
    """The calls that four processes let through in each round of probes, while the target is down."""
    with Server() as server:
        command = [sys.executable, "-B", str(HERE), "member", name, server.url]
        members = [
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)
        ]
        moments = sorted(
            float(line) for member in members for line in member.communicate()[0].split()
        )
    rounds: list[list[float]] = []
    for moment in moments:
        if not rounds or moment > rounds[-1][-1] + GAP:
            rounds.append([])
        rounds[-1].append(moment)
    # the first one opens the breaker
    return [len(calls) for calls in rounds[1 : ROUNDS_OF_PROBES + 1]]


def member(name: str, url: str) -> None:
    """Calls a target that is down, and prints the moment of each call that is let through."""
    call = PEERS[name](url)

    def fail() -> None:
        print(time.monotonic())
        time.sleep(PROBE_TIME)
        raise DownError

    end = time.monotonic() + (ROUNDS_OF_PROBES + 3) * (OPEN_FOR + PROBE_TIME)
    while time.monotonic() < end:
        with contextlib.suppress(Exception):
            call(fail)
        time.sleep(0.005)


def span(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} µs"


def row(name: str) -> str:
    healthy, stopped = times(name)
    counts = ", ".join(map(str, probes(name)))
    shown = f"**{title(name)}**" if name == "rebackoff" else title(name)
    figures = [
        span(quantile(calls, share)) for calls in (healthy, stopped) for share in (0.5, 0.999)
    ]
    return f"| {shown} | {commands_per_success(name):.3f} | {' | '.join(figures)} | {counts} |"


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["member"]:
        member(*arguments[1:])
        return 0
    if arguments or not shutil.which("redis-server"):
        print(__doc__ if arguments else "scripts/bench-fleet needs redis-server", file=sys.stderr)
        return 2
    redis = subprocess.run(
        ["redis-server", "--version"], check=True, text=True, capture_output=True
    )
    by_trip = trips()
    opened, lasts = sum(by_trip, []), [max(took) for took in by_trip]
    lines = [
        "# A breaker that processes share through Redis",
        "",
        "| package | commands for a success | a call: median | p99.9 | Redis stopped: median | p99.9 |"
        f" calls let through by {PROCESSES} processes in each half-open state |",
        "|---|---:|---:|---:|---:|---:|---|",
        *map(row, PEERS),
        "",
        f"The members of a fleet of {MEMBERS}, in one process on this machine, are open after the trip that opens the breaker for all: "
        f"median {span(quantile(opened, 0.5))}, p99 {span(quantile(opened, 0.99))}; the last member of each of {TRIPS} trips: median {span(quantile(lasts, 0.5))}, longest {span(max(lasts))}.",
        "",
        f"Written by `scripts/bench-fleet`, with Python {sys.version.split()[0]} and {redis.stdout.split(' sha')[0]}. "
        "Each breaker opens after five failures, for a second, and makes one probe. Each client waits 250 ms for Redis. "
        f"Commands are those of one process that succeeds {SUCCESSES} times in a row; this project sends one a second, however many calls there are. Calls go on for {TURNS} seconds with Redis, and as long while it is stopped by `SIGSTOP`, a second each by turns. Times depend on the "
        "other work of the machine; counts do not.",
    ]
    PAGE.write_text("\n".join(lines) + "\n")
    print(PAGE.read_text())
    return 0


sys.exit(main(sys.argv[1:]))
