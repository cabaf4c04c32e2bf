#!/usr/bin/env python3
"""Counts the names at the root of the crate `rebackoff`, as its snapshot of the public API lists them.

    python3 ci/lint/names.py             fails where there are more than 60, beyond the limit of names.limits
    python3 ci/lint/names.py --update    lowers that limit

A name that the root re-exports from another crate of the project by `*` counts as one of its own.
"""

import re
import sys
from pathlib import Path

# No import leaves bytecode beside the sources.
sys.dont_write_bytecode = True

from limits import main  # noqa: E402 - after bytecode is off

CRATES = Path(__file__).parents[2] / "crates"
MOST = 60

ALL_OF = re.compile(r"pub use \w+::<<(\w+)::\*>>")
GENERICS = re.compile(r"<[^<>]*>")


def names(crate, read):
    """Returns the names at the root of a crate; `read` gives the snapshot of one."""
    found = set()
    # methods stand under the name of their type, the items of a module under the module's
    at_root = re.compile(rf"(?:#\[[^]]*\] )*pub [a-z ]*\b{crate}::(?:#\[)?(\w+)(?!\w|::)")
    for line in read(crate).splitlines():
        if other := ALL_OF.match(line):
            found |= names(other[1], read)
        elif name := at_root.match(without_generics(line)):
            found.add(name[1])
    return found


def without_generics(line):
    line = line.replace("->", "")
    while (shorter := GENERICS.sub("", line)) != line:
        line = shorter
    return line


def places(found):
    return {f"names at the root of rebackoff beyond {MOST}": sorted(found)[MOST:]}


def snapshot(crate):
    return (CRATES / crate.replace("_", "-") / "public-api.txt").read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(__file__, places(names("rebackoff", snapshot)), sys.argv[1:]))
