#!/usr/bin/env python3
"""Writes docs/reference/options.md: the parameters of policies and guards, in all front ends side by side.

    python3 ci/docs/options.py            writes it
    python3 ci/docs/options.py --check    fails where it is not what would be written

The names are those of the settings and of the guards' builders in the core, each of which needs a row.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/reference/options.md"
CORE = ROOT / "crates/rebackoff-core/src"
SETTINGS = CORE / "settings/mod.rs"

# name: (of a strategy or of all, type, default, range, meaning)
PARAMETERS = {
    "wait": (
        "",
        "word",
        "`expo`; a table that Python or Rust reads by itself has to name it",
        "`constant` `linear` `expo` `fibo` `decay` `decorrelated`; `runtime` in Python and Rust",
        "the wait strategy",
    ),
    "interval": (
        "constant",
        "duration, or a list of them",
        "1 s",
        "0 and above; a list has 1 to 16 waits in Rust",
        "the wait; a list is its own limit on tries",
    ),
    "start": ("linear", "duration", "1 s", "0 and above", "the first wait"),
    "step": ("linear", "duration", "1 s", "0 and above", "growth of each wait"),
    "base": (
        "expo, decorrelated",
        "number; duration for decorrelated",
        "2; 1 s",
        "above 0",
        "growth of the wait; the shortest wait",
    ),
    "factor": ("expo", "duration", "1 s", "0 and above", "the first wait"),
    "max_value": (
        "linear, expo, fibo, decorrelated",
        "duration or none",
        "none; 60 s for decorrelated; 60 s for expo on the command line",
        "0 and above",
        "the longest raw wait",
    ),
    "initial_value": ("decay", "duration", "1 s", "0 and above", "the first wait"),
    "decay_factor": ("decay", "number", "1", "0 and above", "how fast the wait shrinks"),
    "min_value": ("decay", "duration", "0 s", "0 and above", "the shortest wait"),
    "jitter": (
        "",
        "word",
        "`full`",
        "`full` `equal` `random` `none`; Python takes functions, too",
        "spread of the waits",
    ),
    "max_tries": (
        "",
        "whole number or none",
        "none; 5 on the command line",
        "1 and above",
        "most tries, the first included",
    ),
    "max_time": (
        "",
        "duration or none",
        "none",
        "0 and above",
        "most time from the start of the first try",
    ),
    "last_wait": (
        "",
        "word",
        "`shorten`",
        "`shorten` `stop`",
        "a wait that would end past `max_time`",
    ),
    "nested": (
        "",
        "word",
        "`allow`",
        "`allow` `once`",
        "behaviour inside a try of a [visible](../explanation/deadlines.md) call",
    ),
    "hint_ceiling": (
        "",
        "duration or none",
        "5 min",
        "0 and above",
        "the longest hint that is obeyed",
    ),
    "hint_above": ("", "word", "`give_up`", "`give_up` `cap`", "what a longer hint leads to"),
    "hint_spread": (
        "",
        "number",
        "0.1; 0 without jitter",
        "0 to 1",
        "spread above a hint, as a share of it",
    ),
    "reset_after": (
        "",
        "duration or none",
        "none",
        "above 0",
        "a failed try of at least this length starts the schedule anew",
    ),
}

# the builder in the core: its name here, and its parameters: (name, type, default, range, meaning)
GUARDS = {
    "breaker/builder": (
        "`Breaker`",
        [
            (
                "consecutive",
                "count",
                "5, where no rate is set",
                "1 and above",
                "failures in a row that open it",
            ),
            (
                "failure_rate",
                "share",
                "none",
                "above 0, up to 1",
                "share of failed calls in the window that opens it",
            ),
            (
                "slow_rate",
                "share",
                "none",
                "above 0, up to 1",
                "share of slow calls in the window that opens it",
            ),
            ("slow_after", "duration", "none", "0 and above", "a call that takes longer is slow"),
            (
                "window_calls",
                "count",
                "none",
                "1 to 1 000 000",
                "the calls of the window, in place of `window_time`",
            ),
            ("window_time", "duration", "10 s", "1 s to 10 min", "the length of the window"),
            (
                "min_calls",
                "count",
                "20",
                "1 to `window_calls`",
                "fewest calls in the window for which a rate counts",
            ),
            ("open_for", "duration", "30 s", "1 ms to 30 d", "time until the first probe"),
            ("growth", "number", "1", "1 to 1 000", "growth of `open_for` with each re-opening"),
            (
                "max_open_for",
                "duration",
                "10 · `open_for`, or 30 d",
                "`open_for` to 30 d",
                "the longest open time",
            ),
            ("jitter", "word", "`none`", "`none` `full` `equal`", "spread of the open time"),
            ("probes", "count", "1", "1 to 16", "most probes at once"),
            ("close_after", "count", "`probes`", "1 and above", "successful probes that close it"),
            (
                "probe_timeout",
                "duration",
                "30 s",
                "1 ms to 30 d",
                "time after which the permit of a hung probe expires",
            ),
        ],
    ),
    "budget/share": (
        "`Budget.share`",
        [
            ("ratio", "share", "0.2", "0.0001 to 1", "retries for each call of the last `ttl`"),
            ("floor", "number", "10", "0 to 1 000 000", "retries a second on top"),
            ("ttl", "duration", "10 s", "1 s to 1 min", "time for which calls and retries count"),
        ],
    ),
    "budget/per_second": (
        "`Budget.per_second`",
        [
            ("rate", "number", "10", "0.001 to 1 000 000", "tokens a second"),
            ("capacity", "count", "100", "1 to 1 000 000", "most tokens"),
        ],
    ),
    "budget/quota": (
        "`Budget.quota`",
        [
            ("capacity", "count", "500", "1 and above", "most tokens"),
            ("retry_cost", "count", "5", "1 to `capacity`", "price of a retry"),
            ("timeout_cost", "count", "10", "1 to `capacity`", "price of a retry after a timeout"),
            (
                "throttled_cost",
                "count",
                "`retry_cost`",
                "1 to `capacity`",
                "price of a retry after a server that throttles",
            ),
        ],
    ),
    "budget/throttle": (
        "`Budget.throttle`",
        [
            (
                "max_tokens",
                "count",
                "10",
                "1 to 1 000",
                "most tokens; more than half of them permit a retry",
            ),
            (
                "token_ratio",
                "number",
                "0.1",
                "0.001 to 1 000",
                "tokens that a success gives; a failure takes one",
            ),
        ],
    ),
}
# set by another parameter, or only by the crate `rebackoff-shared`
NO_ROWS = {"dry_run", "leased_probes"}

HEAD = """# Options of all front ends

<!-- ci/docs/options.py makes this page. -->

A parameter has one name everywhere. Durations are seconds in Python and `Duration` in Rust (`secs(30)`, `millis(5)`). On the command line, in files
and in the environment they are text such as `30s`, `1m30s` or `250ms`, or a bare number of seconds.

## Parameters of a policy

| parameter | of | type | default | range | meaning |
|---|---|---|---|---|---|
"""

SPELLINGS = """
## Spellings

| parameter | Python | Rust | command line | `rebackoff.toml` | environment |
|---|---|---|---|---|---|
"""

TAIL = """
Wrong values are errors in every front end, with the parameter, its value and what is allowed. An unknown name is an error with a suggestion.

## Parameters of guards

Names, types and ranges are those of Python, Rust and the scenarios of `rebackoff simulate`. `dry_run` (default: false) lets a guard count
without refusing. `Budget.aws` is a quota with today's prices of the AWS SDKs: 14 for a retry, 5 after a server that throttles. In Rust, `slow_rate`
takes `slow_after` as its second argument; in a scenario it is `longer_than`.

| guard | parameter | type | default | range | meaning |
|---|---|---|---|---|---|
{guards}
## Options of a call

| | Python | Rust | command line |
|---|---|---|---|
| retry these | exception classes, `groups` | `.when(…)`, `.judge(…)` | `--on`, `--retry-if-stdout`, `--retry-if-stderr` |
| give up on these | `giveup` | `.giveup(…)` | `--stop-on` |
| retry values | `on_predicate` | `poll(…).until(…)` | `--until-stdout`, `--until-stderr`, `--contains` |
| hint | `hint` | `.hint(…)` | `--retry-after-regex` |
| limit of each try | `timeout` | `.timeout(…)` | `--timeout`, `--grace`, `--signal` |
| deadline | `rebackoff.deadline(…)` | `deadline(…)`, `deadline_async(…)` | `--deadline` |
| budget, breaker | `budget`, `breaker`, `counts` | `.budget(…)`, `.breaker(…)`, `.counts(…)` | `--budget`, `--breaker` |
| policy by error | `policy_for` | `.policy_for(…)` | `--throttled`, `--throttled-if-stdout`, `--throttled-if-stderr`, with `--throttled-factor` |
| handlers | `on_try` `on_backoff` `on_giveup` `on_success` | `.on_try(…)` `.on_backoff(…)` `.on_giveup(…)` `.on_success(…)` | `--on-retry` `--on-giveup` `--on-success` |
| signal | `cancelled_by` | `.cancelled_by(…)` | a signal to the process |
| name | `name` | `Trace::of`, `Metrics::of` | `REBACKOFF_PROFILE` |
| result with reason | `outcome()`; of a method `rebackoff.outcome(obj.method, …)` | `.outcome()` | `--log json` |

A profile also has `timeout` and `throttled_factor`: the first wait of expo after a server that throttles, which in a simulation is one that
rejects. The profile `aws` needs no file: its waits begin at 50 ms, and at 1 s after throttling. So do `Policy::AWS` and `Policy::AWS_THROTTLED`.

Every option of the Python decorators: [options of the Python decorators](python-options.md). Every option of the command line: [`rebackoff run`](command-line.md#every-option-of-run).
"""


def names_of_settings():
    listed = re.search(r"NAMES: .*? = &\[(.*?)\]", SETTINGS.read_text(), re.DOTALL)
    return re.findall(r'"(\w+)"', listed[1])


def rows_of_guards():
    for guard, parameters in GUARDS.values():
        for name, *cells in parameters:
            yield f"| {guard} | `{name}` | {' | '.join(cells)} |\n"


def names_of_builder(file):
    setters = re.findall(r"pub const fn (\w+)\(mut self", (CORE / f"{file}.rs").read_text())
    return set(setters) - NO_ROWS


def page():
    rows = [
        f"| `{name}` | {of or 'all'} | {kind} | {default} | {allowed} | {meaning} |\n"
        for name, (of, kind, default, allowed, meaning) in PARAMETERS.items()
    ]
    tail = TAIL.replace("{guards}", "".join(rows_of_guards()))
    return HEAD + "".join(rows) + SPELLINGS + "".join(map(spelled, PARAMETERS)) + tail


def spelled(name):
    flag = "--" + name.replace("_", "-")
    rust = "the strategy's name" if name == "wait" else f"`{name} = …`"
    python = "the strategy's name" if name == "wait" else f"`{name}=…`"
    variable = f"`REBACKOFF_<PROFILE>_{name.upper()}`"
    return f"| `{name}` | {python} | {rust} | `{flag}` | `{name}` | {variable} |\n"


def complaints():
    for name in names_of_settings():
        if name not in PARAMETERS:
            yield f"{SETTINGS.relative_to(ROOT)} has the parameter {name}, and ci/docs/options.py has no row for it"
    for file, (guard, parameters) in GUARDS.items():
        for name in names_of_builder(file) - {name for name, *_ in parameters}:
            yield f"{file}.rs of the core has the parameter {name}, and ci/docs/options.py has no row for it at {guard}"
    if PAGE.read_text("utf-8") != page():
        yield f"{PAGE.relative_to(ROOT)} is not what python3 ci/docs/options.py writes"


if __name__ == "__main__":
    if sys.argv[1:] == []:
        PAGE.write_text(page(), "utf-8")
    elif sys.argv[1:] == ["--check"]:
        sys.exit("\n".join(complaints()) or 0)
    else:
        sys.exit(__doc__)
