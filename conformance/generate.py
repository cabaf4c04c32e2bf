#!/usr/bin/env python3
"""Writes the conformance vectors beside this file.

    python3 conformance/generate.py            rewrites them
    python3 conformance/generate.py --check    fails when they are not what it would write

Needs Python 3.10 or newer and nothing else.
"""

import json
import sys
from fractions import Fraction
from pathlib import Path

# No import leaves bytecode beside the sources.
sys.dont_write_bytecode = True

from case import seconds  # noqa: E402 - after bytecode is off
from topics import breakers, budgets, calls, headers, hints, jitter, limits, mixtures, resets, saturation, values, waits  # noqa: E402 - after bytecode is off

FOLDER = Path(__file__).parent
TOPICS = (waits, jitter, limits, hints, saturation, values, resets, mixtures)
# of other forms, and so in folders of their own
OTHERS = {"headers/hints.json": headers, "guards/budgets.json": budgets, "guards/breakers.json": breakers, "guards/calls.json": calls}


def main(arguments):
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    topics = {path_of(topic): topic for topic in TOPICS} | {FOLDER / path: topic for path, topic in OTHERS.items()}
    files = {path: list(topic.cases()) for path, topic in topics.items()}
    refuse_equal_names(case["name"] for cases in files.values() for case in cases)
    texts = {path: as_json(cases) for path, cases in files.items()}
    if arguments == ["--check"]:
        check(texts)
    else:
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
    for path, cases in files.items():
        print(f"{len(cases):4} {path.name}")
    print(f"{sum(map(len, files.values())):4} cases")


def path_of(topic):
    return FOLDER / f"{topic.__name__.rpartition('.')[2]}.json"


def check(texts):
    unknown = set(FOLDER.rglob("*.json")) - set(texts)
    different = [path for path, text in texts.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if unknown or different:
        names = ", ".join(sorted(path.name for path in unknown.union(different)))
        sys.exit(f"not what generate.py writes: {names}")


def refuse_equal_names(names):
    seen = set()
    for name in names:
        assert name not in seen, f"two cases are called {name}"
        seen.add(name)


def as_json(cases):
    """A line per field, and one per step, so that a change reads well in a diff."""
    return "[\n" + ",\n".join(map(case_as_json, cases)) + "\n]\n"


def case_as_json(case):
    lines = [f"    {json.dumps(key)}: {field_as_json(key, value)}" for key, value in case.items()]
    return "  {\n" + ",\n".join(lines) + "\n  }"


def field_as_json(key, value):
    if key == "draws":
        return "[" + ", ".join(map(draw_as_json, value)) + "]"
    if key in ("outcomes", "steps", "events", "calls"):
        return "[\n" + ",\n".join(f"      {plain(item)}" for item in value) + "\n    ]"
    return plain(value)


def draw_as_json(draw):
    return plain(draw) if isinstance(draw, dict) else json.dumps(float(draw))


def plain(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {plain(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(plain, value)) + "]"
    if isinstance(value, (float, Fraction)):
        return decimal(seconds(value))
    return json.dumps(value)


def decimal(number):
    """All digits of whole nanoseconds, the nearest float of anything finer or very large."""
    nanoseconds = number * 10**9
    if nanoseconds.denominator != 1 or number > 10**11:
        return repr(float(number))
    whole, fraction = divmod(nanoseconds.numerator, 10**9)
    return f"{whole}.{fraction:09}".rstrip("0").rstrip(".")


if __name__ == "__main__":
    main(sys.argv[1:])
