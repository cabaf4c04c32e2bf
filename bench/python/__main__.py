"""Measures the rows with the interpreter that runs this, prints them as JSON: {"version", "rows": {row: {label: ns}}, "imports": {what: {label: ms}}, "bytes": {label: bytes}}."""

import importlib
import json
import pathlib
import sys
import time

import imports
import measure
import memory
import rows
import targets

LIBRARIES = (
    "backoff",
    "python_backoff",
    "tenacity",
    "stamina",
    "backon",
    "nopanic",
    "retrying",
    "rebackoff",
)


def main(folders):
    time.sleep = lambda seconds: None
    measured, places = {row.name: {} for row in rows.ROWS}, {}
    ready = []
    for name in LIBRARIES:
        library = importlib.import_module(f"libraries.{name}")
        folder = pathlib.Path(folders, name) if library.REQUIREMENT else None
        try:
            ready.append((library.LABEL, library.rows(folder)))
        except ModuleNotFoundError:
            if folder:
                raise
            print("rebackoff is not installed in this interpreter", file=sys.stderr)
            continue
        places[library.LABEL] = (library.MODULE, folder)
    for row in rows.ROWS:
        target = (
            targets.fails_a_while
            if row.retries
            else targets.async_success
            if row.is_async
            else targets.success
        )
        bare = targets.retried_by_hand if row.retries else target
        decorated = {"bare": (bare, nothing)} if row.overhead else {}
        decorated |= {
            label: (getattr(made, row.name)(target), preparation(made, row))
            for label, made in ready
            if hasattr(made, row.name)
        }
        measured[row.name] = measure.nanoseconds(row, decorated)
    version = ".".join(map(str, sys.version_info[:2]))
    found = {
        "version": version,
        "rows": measured,
        "imports": imports.milliseconds(places),
        "bytes": {label: memory.bytes_each(made.success) for label, made in ready},
    }
    print(json.dumps(found))


def preparation(made, row):
    """The function that is called before a library's turn."""
    return getattr(made, f"prepare_{row.name}", getattr(made, "prepare", nothing))


def nothing():
    pass


main(sys.argv[1])
