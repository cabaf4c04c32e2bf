"""Measures this project's breaker of a fleet beside its peers on a redis-server of its own; writes bench/FLEET.md.

usage: scripts/bench-fleet
"""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time

from peers import OPEN_FOR, PEERS, Call, DownError, title

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parent / "FLEET.md"
PROCESSES = 4
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


def times(name: str) -> tuple[float, float, float]:
    """The median of a call with Redis, and without it the median and the longest one."""
    with Server() as server:
        call = PEERS[name](server.url)
        call(succeed)
        healthy = statistics.median(timed(call) for _ in range(SUCCESSES))
        server.process.send_signal(signal.SIGSTOP)
        begin, stopped = time.perf_counter(), []
        while time.perf_counter() < begin + 5:
            stopped.append(timed(call))
        return healthy, statistics.median(stopped), max(stopped)


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
    healthy, stopped, longest = times(name)
    counts = ", ".join(map(str, probes(name)))
    shown = f"**{title(name)}**" if name == "rebackoff" else title(name)
    figures = (
        f"{commands_per_success(name):.3f} | {span(healthy)} | {span(stopped)} | {span(longest)}"
    )
    return f"| {shown} | {figures} | {counts} |"


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
    lines = [
        "# A breaker that processes share through Redis",
        "",
        "| package | commands for a success | a call, median | Redis stopped: median | longest |"
        f" calls let through by {PROCESSES} processes in each half-open state |",
        "|---|---:|---:|---:|---:|---|",
        *map(row, PEERS),
        "",
        f"Written by `scripts/bench-fleet`, with Python {sys.version.split()[0]} and {redis.stdout.split(' sha')[0]}. "
        "Each breaker opens after five failures, for a second, and makes one probe. Each client waits 250 ms for Redis. "
        f"Commands are those of one process that succeeds {SUCCESSES} times in a row; this project sends one a second, however many calls there are. Redis is stopped by `SIGSTOP`. Times depend on the "
        "other work of the machine; counts do not.",
    ]
    PAGE.write_text("\n".join(lines) + "\n")
    print(PAGE.read_text())
    return 0


sys.exit(main(sys.argv[1:]))
