"""Limits that may only fall: counts of what the project wants rid of, in a file beside the check."""

import sys
from pathlib import Path


class Limits:
    """The limits of one check, a line `count name` for each; a name without a line has the limit 0."""

    def __init__(self, file: Path):
        self.file = file
        lines = file.read_text().splitlines() if file.exists() else []
        self.head = [line for line in lines if line.startswith("#")]
        pairs = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
        self.of = {name: int(count) for count, name in pairs}

    def complaints(self, counts, command):
        """Returns a line for each count that is not its limit."""
        for name in sorted(counts.keys() | self.of.keys()):
            count, limit = counts.get(name, 0), self.of.get(name, 0)
            if count > limit:
                yield f"{name}: {count}, but the limit is {limit}"
            elif count < limit:
                yield f"{name}: {count}, so the limit {limit} can fall; run `{command} --update`"

    def lower(self, counts):
        """Lowers each limit to its count, and raises none."""
        self.of = {name: min(counts.get(name, 0), limit) for name, limit in self.of.items()}
        lines = [f"{limit} {name}" for name, limit in sorted(self.of.items()) if limit]
        self.file.write_text("\n".join(self.head + lines) + "\n")


def main(program, places, arguments):
    """Checks `places` (a list of places for each name) against the limits beside the program, or lowers these.

    Returns the exit status.
    """
    program = Path(program)
    command = f"python3 ci/lint/{program.name}"
    if arguments not in ([], ["--update"]):
        print(f"{command}: takes nothing but --update, not {' '.join(arguments)}", file=sys.stderr)
        return 2
    limits = Limits(program.with_suffix(".limits"))
    counts = {name: len(found) for name, found in places.items()}
    if arguments == ["--update"]:
        limits.lower(counts)
    complaints = list(limits.complaints(counts, command))
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    for name, found in sorted(places.items()):
        if len(found) > limits.of.get(name, 0):
            print(*found, sep="\n", file=sys.stderr)
    return 1 if complaints else 0
