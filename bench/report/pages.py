"""The tables of RESULTS.md."""

import machine
import rust
from bars import AT_MOST
from reasons import REASONS
from rust import HAND, HAND_WITH_MAX_TIME, OURS, PLAIN, Measured

NONE = "—"
# How much more than the first a figure must be until this project is not the first.
SLACK = {"instructions": 1.005, "time": 1.03}

# row, its title, what its figures are
CALLS = [
    ("blocking_success", "success, blocking", "instructions"),
    ("blocking_retry", "retry, blocking", "instructions"),
    ("async_success", "success, async", "instructions"),
    ("async_retry", "retry, async, no sleep", "instructions"),
    ("async_retry_timer", "retry, async, tokio's timer", "instructions"),
    ("next_wait", "next wait", "instructions"),
    ("zero_wait", "retry, wait of zero", "instructions"),
]
OPTIONS = [
    ("max_time_success", "success, `max_time`, blocking"),
    ("max_time_async_success", "success, `max_time`, async"),
    ("on_backoff_success", "success, `on_backoff`, blocking"),
    ("on_backoff_async_success", "success, `on_backoff`, async"),
    ("on_giveup_success", "success, `on_giveup`, blocking"),
    ("on_giveup_async_success", "success, `on_giveup`, async"),
    ("on_backoff_retry", "retry, `on_backoff`, blocking"),
    ("breaker_call_success", "success through a closed breaker"),
    ("breaker_call_rejected", "rejected by an open breaker"),
    ("nested_1", "a call with `max_time` and no call inside"),
    ("nested_6", "six calls with `max_time` inside each other"),
    ("io_string_async_success", "success, async, `io::Result<String>`"),
    ("boxed_error_async_success", "success, async, `Result<u64, Box<dyn Error>>`"),
    ("attribute_success", "success, attribute"),
    ("attribute_retry", "retry, attribute"),
    ("async_loop_retry", "retry, async, a loop of the caller's own"),
    ("timeout_success", "success, async, a timeout of the try"),
    ("next_wait_without_jitter", "next wait, no jitter"),
]
KEYED = [
    ("keyed_1000", "one of 1 000 keys"),
    ("keyed_100000", "one of 100 000 keys"),
    ("keyed_two_threads", "one of 1 000 keys, two threads at once"),
    ("bucket_time", "tokens a second: a retry permitted, the standard library's clock"),
    ("bucket_fast_clock", "tokens a second: a retry permitted, quanta's clock"),
]
OPTION_PEERS = [HAND, OURS, "tokio", "backon", "again", "recloser", "failsafe"]
WEIGHTS = [
    ("future_bytes", "future, bytes"),
    ("loop_bytes", "future of an async loop of the caller's own, bytes"),
    ("blocking_success_allocations", "success, blocking"),
    ("blocking_retry_allocations", "retry, blocking"),
    ("async_success_allocations", "success, async"),
    ("async_retry_timer_allocations", "retry, async"),
]
GUARDS = [
    ("bucket_permitted", "tokens a second: a retry permitted"),
    ("bucket_refused", "tokens a second: a retry refused"),
    ("share_permitted", "share of calls: a retry permitted"),
    ("share_refused", "share of calls: a retry refused"),
    ("share_deposit", "share of calls: a call begins"),
    ("quota_permitted", "quota: a retry permitted"),
    ("quota_refused", "quota: a retry refused"),
    ("throttle_permitted", "throttle: a retry permitted"),
    ("throttle_refused", "throttle: a retry refused"),
    ("breaker_success", "closed breaker, failures in a row: a success"),
    ("breaker_on_host_success", "closed breaker of a host's processes: a success"),
    ("breaker_rate_success", "closed breaker, failure rate: a success"),
    ("breaker_rejected", "open breaker: a call rejected"),
]
PAUSES = [
    ("bucket_after_second", "tokens a second: a retry after 1 s"),
    ("bucket_after_month", "tokens a second: a retry after 30 days"),
    ("share_after_second", "share of calls: a retry after 1 s"),
    ("share_after_month", "share of calls: a retry after 30 days"),
]
GUARD_PEERS = [OURS, "governor", "tower", "tower-resilience", "recloser", "failsafe"]
EDGES = [
    ("growth", "no cap, no jitter: the wait before try 2 000"),
    ("longest", "`Duration::MAX` as the first wait, with jitter: the second one"),
    ("at_cap", "jitter where the wait is at its cap of 10 s"),
    ("two_sessions", "two sessions draw"),
    ("clock_step", "what it does when the system's clock is set during a call"),
    ("half_open", "half-open with one permit, 10 calls at once"),
]

SIMULATOR = (
    "The simulator on one thread, beside plain loops over a `BinaryHeap` of the same models without engine, "
    "guards, figures or time series; events per second of processor time, the best of twenty rounds of each in turn."
)
INTRODUCTION = """\
Written by `scripts/bench`; [README.md](README.md) says how it is measured and what the figures are made of."""


def whole(measured: Measured, simulator: str, python: str, loads: str) -> str:
    behind = where_not_first(measured)
    lines = [
        "# This project beside its peers",
        "",
        *(
            ["**This project is not first in:**", "", *behind]
            if behind
            else ["It is first in every row."]
        ),
        "",
        INTRODUCTION,
        "",
        "## The machine",
        "",
        *machine.lines(),
        f"- Shared with other work; load: {loads}. Counts do not depend on it, times do.",
        "",
        "## Rust",
        "",
        versions(),
        "",
        rust_tables(measured),
        "",
        "## Simulator",
        "",
        SIMULATOR,
        "",
        simulator.strip(),
        "",
        "## Python",
        "",
        python.strip(),
    ]
    return "\n".join(lines) + "\n"


def rust_half(measured: Measured) -> str:
    return "\n".join([*where_not_first(measured), "", rust_tables(measured)])


def where_not_first(measured: Measured) -> list[str]:
    """A line for each title: what is behind, and why."""
    parts, reasons = {}, {}
    for title, what, row, ours, theirs, peer in behind(measured):
        parts.setdefault(title, []).append(f"{what} {ours}, beside {theirs} of {names(peer)}")
        reasons.setdefault(title, REASONS.get(row))
    return [
        f"- {title}: {'; '.join(parts[title])}" + (f": {reasons[title]}" if reasons[title] else "")
        for title in parts
    ]


def behind(measured: Measured):
    """Title, what is measured, row, our figure, that of the first and its name, where it is not we."""
    counts, slack = measured.instructions, SLACK["instructions"]
    for row, title, kind in CALLS:
        yield from beaten(title, kind, row, counts, slack)
    for row, title in OPTIONS:
        for kind in ("", PLAIN):
            yield from beaten(title, f"instructions{kind}", row + kind, counts, slack)
            yield from beaten(title, f"ns{kind}", row + kind, measured.times, SLACK["time"])
    for row, title in WEIGHTS:
        unit = "bytes" if row.endswith("_bytes") else "allocations"
        yield from beaten(title.removesuffix(", bytes"), unit, row, measured.weights, 1.0)
    for row, title in KEYED:
        for kind in ("", PLAIN):
            yield from beaten(title, f"ns{kind}", row + kind, measured.times, SLACK["time"])
    for field in ("wall", "cpu", "memory"):
        figures = {(peer, field): getattr(crowd, field) for peer, crowd in measured.crowds.items()}
        yield from beaten("100 000 tasks", field, field, figures, SLACK["time"])
    for row, title in [*GUARDS, *PAUSES]:
        yield from beaten(title, "instructions", row, counts, slack)
    for n, threads in ((2, "one thread"), (3, "two threads")):
        figures = {key: ratios[n] for key, ratios in measured.threads.items()}
        for row, title in GUARDS:
            yield from beaten(title, f"{threads}, times governor's", row, figures, SLACK["time"])


# What does not retry, and a future whose bytes are elsewhere.
NO_RIVALS = {OURS, "bare", "tokio_sleep"}
BOXED = ("future_bytes", 16)


def beaten(title: str, what: str, row: str, figures: dict, slack: float):
    others = {
        peer: figure
        for (peer, r), figure in figures.items()
        if r == row and peer not in NO_RIVALS and (row, figure) != BOXED
    }
    ours = figures.get((OURS, row))
    if ours is None or not others:
        return
    first = min(others, key=lambda peer: others[peer])
    if ours > others[first] * slack:
        yield title, what, row, number(ours), number(others[first]), first


def names(peer: str) -> str:
    return "the loop by hand" if peer == HAND else peer


def versions() -> str:
    locked = rust.versions()
    peers = [peer for peer in PEERS if peer in locked] + ["reqwest-retry", "tokio"]
    return "Versions: " + ", ".join(f"{peer} {locked[peer]}" for peer in peers) + "."


PEERS = [
    "backon",
    "tokio-retry",
    "tokio-retry2",
    "backoff",
    "again",
    "retry",
    "tryhard",
    "exponential-backoff",
    "retry-policies",
    "tower",
    "tower-resilience",
    "failsafe",
    "recloser",
    "governor",
]


def rust_tables(measured: Measured) -> str:
    parts = [
        ("### A call, in instructions", calls(measured)),
        ("### A call with options, in instructions and nanoseconds", options(measured)),
        ("### A call, in bytes and allocations", weights(measured)),
        ("### 100 000 tasks at once, each failing three times", crowds(measured)),
        ("### Budgets and breakers, in instructions", guards(measured)),
        ("### Budgets and breakers, on one thread and on two", shared(measured)),
        ("### Guards by key, and clocks, in nanoseconds", keyed(measured)),
        ("### Where numbers end", edges(measured)),
    ]
    return "\n\n".join(f"{title}\n\n{body}" for title, body in parts)


def calls(measured: Measured) -> str:
    rows = [(row, title) for row, title, _ in CALLS]
    return by_peer(measured.instructions, rows) + (
        "\n\nThe commands: `valgrind --tool=callgrind bench/target/release/measure count PEER ROW N`, with "
        f"N = {rust.CALLS} and twice that. A retry is one of a hundred of its call, or of all with a wait of zero. again "
        "is woken by a thread of its own: its retries can be counted with waits of zero alone, and its figure "
        "differs by a fifth from run to run."
    )


def options(measured: Measured) -> str:
    table = [header(["", *(bold(peer) for peer in OPTION_PEERS)])]
    for row, title in OPTIONS:
        table.append(line([title, *(both_profiles(measured, peer, row) for peer in OPTION_PEERS)]))
    return "\n".join(table) + (
        "\n\nInstructions with fat LTO / in the plain release profile; the least nanoseconds of a call over "
        f"{rust.TIMED_ROUNDS} rounds in which all take turns. The commands: those above, and `measure times "
        f"{rust.TIMED_ROUNDS} {rust.TIMED_CALLS}`, in `bench/target/release` and in `bench/target/plain`. backon limits "
        "the sum of its waits, and reads no clock."
    )


def both_profiles(measured: Measured, peer: str, row: str) -> str:
    if (peer, row) not in measured.instructions:
        return NONE
    counts, times = (
        " / ".join(number(figures[peer, row + kind]) for kind in ("", PLAIN))
        for figures in (measured.instructions, measured.times)
    )
    return f"{counts}; {times} ns"


def keyed(measured: Measured) -> str:
    table = [header(["", bold(OURS), bold("governor")])]
    for row, title in KEYED:
        cells = [
            " / ".join(number(measured.times[peer, row + kind]) for kind in ("", PLAIN))
            for peer in (OURS, "governor")
        ]
        table.append(line([title, *cells]))
    return "\n".join(table) + (
        "\n\nWith fat LTO / in the plain release profile, by the command of the calls with options. governor's look-up "
        "of a key takes a token as well, by its own clock. The keys come in an order that no cache foresees."
    )


def weights(measured: Measured) -> str:
    sleep = number(measured.weights["tokio_sleep", "future_bytes"])
    return by_peer(measured.weights, WEIGHTS) + (
        f"\n\nThe command: `bench/target/release/weigh`. A tokio `Sleep` has {sleep} bytes. Futures of 16 bytes "
        "and one allocation are boxed."
    )


def by_peer(figures: dict, rows: list[tuple[str, str]]) -> str:
    peers = ["bare", HAND, HAND_WITH_MAX_TIME, OURS, *PEERS]
    table = [header(["", *(title for _, title in rows)])]
    for peer in peers:
        cells = [number(figures.get((peer, row))) for row, _ in rows]
        if any(cell != NONE for cell in cells):
            table.append(line([bold(peer), *cells]))
    return "\n".join(table)


def crowds(measured: Measured) -> str:
    titles = [
        "",
        "wall, ms",
        "beside the loop by hand",
        "processors, ms",
        "beside it",
        "memory, MiB",
    ]
    table = [header(titles)]
    for peer, crowd in sorted(measured.crowds.items(), key=lambda item: item[1].cpu_ratio):
        ratios = [f"{crowd.wall_ratio:.2f}", f"{crowd.cpu_ratio:.2f}"]
        cells = [
            f"{crowd.wall:.0f}",
            ratios[0],
            f"{crowd.cpu:.0f}",
            ratios[1],
            f"{crowd.memory:.0f}",
        ]
        table.append(line([bold(peer), *cells]))
    return "\n".join(table) + (
        "\n\nThe command: `bench/target/release/measure crowd PEER`, tokio on two threads, waits of at most 2, 4 and "
        f"8 ms with jitter. Medians of {rust.CROWD_ROUNDS} rounds, ratios within a round, a process for each."
    )


def guards(measured: Measured) -> str:
    table = [header(["", *(bold(peer) for peer in GUARD_PEERS)])]
    for row, title in [*GUARDS, *PAUSES]:
        cells = [number(measured.instructions.get((peer, row))) for peer in GUARD_PEERS]
        table.append(line([title, *cells]))
    held = ", ".join(f"`{row}`" for row in AT_MOST)
    return "\n".join(table) + (
        "\n\nWith the standard library's clock, whose reading is a part of the figure where one is needed. "
        f"`scripts/bench --check` fails where one of {held} costs more than what it is held against in "
        "`bench/report/bars.py`."
    )


def shared(measured: Measured) -> str:
    table = [
        header(["", "", "one thread, ns", "beside governor", "two threads, ns", "beside governor"])
    ]
    for row, title in GUARDS:
        for peer in GUARD_PEERS:
            if (peer, row) in measured.threads:
                one, two, *ratios = measured.threads[peer, row]
                cells = [f"{one:.1f}", f"{ratios[0]:.2f}", f"{two:.1f}", f"{ratios[1]:.2f}"]
                table.append(line([title, bold(peer), *cells]))
                title = ""
    return "\n".join(table) + (
        f"\n\nThe command: `bench/target/release/measure threads {rust.THREAD_ROUNDS} {rust.THREAD_CALLS}`. All in "
        "turns, medians, ratios to governor's permitted `check` within a round. On a busy machine two threads seldom "
        "run at once. The breaker of tower-resilience waits for an async lock, which this program polls busily: its "
        "figure for two threads says little."
    )


def edges(measured: Measured) -> str:
    parts = []
    for edge, title in EDGES:
        rows = [(peer, does) for (peer, e), does in measured.edges.items() if e == edge]
        table = [header(["", title], left=True)]
        table += [line([bold(peer), does]) for peer, does in rows]
        parts.append("\n".join(table))
    return "\n\n".join(parts) + (
        "\n\nThe commands: `bench/target/release/measure edges` and, for the clock, `bench/target/release/clocks`, whose "
        "`clock_gettime` is its own: it counts what is read, and sets the system's clock by an hour during the second "
        "try of a call that always fails and waits for about 10 ms. The call has a limit of 100 ms where the library "
        "limits time (backon limits the sum of its waits), and of 5 tries where it does not. On tokio it is tokio's "
        "timer that reads the monotonic clock. tryhard's waits are seen by tokio's paused clock. again hides its "
        "waits and sleeps them on a thread of its own, which no paused clock moves: its edges would take "
        "days."
    )


def bold(peer: str) -> str:
    titles = {
        "bare": "the target alone",
        HAND: "by hand",
        HAND_WITH_MAX_TIME: "by hand, with room for `max_time`",
    }
    title = titles.get(peer, peer)
    return f"**{title}**" if peer == OURS else title


def header(cells: list[str], left: bool = False) -> str:
    align = "---|" if left else "---:|"
    return line(cells) + "\n|---|" + align * (len(cells) - 1)


def line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def number(figure: float | None) -> str:
    if figure is None:
        return NONE
    rounded = round(figure, 1) if figure < 1_000 else round(figure)
    return f"{rounded:,}".replace(",", " ").removesuffix(".0")
