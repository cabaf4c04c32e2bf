"""The events of one scenario, as plain data that three processes can compare."""

import asyncio
import os
import sysconfig
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
STANDARD_LIBRARY = sysconfig.get_path("stdlib")


MOST_EVENTS = 12_000


class Endless(BaseException):
    """A library that never comes to an end is stopped."""


class Trace:
    """Collects events in order; every value is turned into text at once, so nothing is kept alive."""

    def __init__(self):
        self.events = []
        self._labels = {}

    def add(self, kind, *facts):
        self.events.append([kind, *facts])
        if len(self.events) > MOST_EVENTS:
            raise Endless

    def note(self, kind, *facts):
        """Records from a place where nothing can be raised."""
        if len(self.events) < MOST_EVENTS:
            self.add(kind, *facts)

    def label(self, thing, text):
        """From now on `thing` is shown as `text` (functions print their address otherwise)."""
        self._labels[id(thing)] = (text, thing)

    def show(self, value):
        if id(value) in self._labels:
            return self._labels[id(value)][0]
        if isinstance(value, BaseException):
            return f"{type(value).__name__}{show_args(value)}"
        if isinstance(value, dict):
            return (
                "{" + ", ".join(f"{key!r}: {self.show(item)}" for key, item in value.items()) + "}"
            )
        if isinstance(value, (tuple, list)):
            return f"{type(value).__name__}({', '.join(map(self.show, value))})"
        if asyncio.iscoroutine(value):
            return f"<coroutine {value.__name__}>"
        return repr(value)

    def exception(self, error, depth=0):
        """The exception with all that hangs on it: arguments, notes, cause and context."""
        if error is None:
            return None
        if depth > 6:
            return "…"
        return {
            "is": self.show(error),
            "notes": list(getattr(error, "__notes__", ())),
            "cause": self.exception(error.__cause__, depth + 1),
            "context": self.exception(error.__context__, depth + 1),
            "context hidden": error.__suppress_context__,
        }


def show_args(error):
    return "(" + ", ".join(map(repr, error.args)) + ")"


def user_frames(error):
    """Names of the functions in the traceback that belong to the scenario, outermost first."""
    return [frame.name for frame in traceback.extract_tb(error.__traceback__) if _ours(frame)]


def library_frames(error):
    """Returns how many traceback entries the retrying library adds."""
    frames = traceback.extract_tb(error.__traceback__)
    return sum(
        not _ours(frame) and not frame.filename.startswith(STANDARD_LIBRARY) for frame in frames
    )


def _ours(frame):
    return frame.filename.startswith(HERE)
