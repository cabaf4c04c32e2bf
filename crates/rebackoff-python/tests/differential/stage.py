"""The world in which a scenario is played: virtual time, seeded randomness, captured logs and warnings."""

import asyncio
import contextlib
import datetime
import logging
import math
import random
import time
import warnings
from unittest import mock

# Exact both as a float and in the microseconds that `datetime` counts, so that every clock tells the same time.
TICK = 1 / 64
LONGEST_NAP = 10_000.0
REAL_DATETIME = datetime.datetime
REAL_ASYNC_SLEEP = asyncio.sleep


class Stage:
    def __init__(self, trace, interrupt=None):
        self.trace = trace
        self.now = 0.0
        self._naps = 0
        self._interrupt = interrupt

    def take(self, seconds):
        """Time passes: rounded up to whole ticks."""
        self.now += (
            min(math.ceil(seconds / TICK) * TICK, LONGEST_NAP)
            if seconds < LONGEST_NAP
            else LONGEST_NAP
        )

    def sleep(self, seconds):
        self._nap(seconds)
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        self.take(seconds)

    async def async_sleep(self, seconds, result=None):
        self._nap(seconds)
        self.take(max(seconds, 0))
        await REAL_ASYNC_SLEEP(0)
        return result

    def _nap(self, seconds):
        self.trace.add("sleep", self.trace.show(seconds))
        self._naps += 1
        if self._interrupt and self._naps == self._interrupt["at"]:
            raise {
                "KeyboardInterrupt": KeyboardInterrupt,
                "CancelledError": asyncio.CancelledError,
                "OSError": OSError,
            }[self._interrupt["raise"]]("in the wait")
        if not isinstance(seconds, (int, float)):
            raise TypeError(
                f"{type(seconds).__name__!r} object cannot be interpreted as an integer"
            )

    @contextlib.contextmanager
    def open(self, seed, logger_levels):
        """Everything that a library might read or touch is replaced for the time of one scenario."""
        stage = self

        class VirtualDatetime(REAL_DATETIME):
            @classmethod
            def now(cls, tz=None):
                return REAL_DATETIME(2026, 1, 1) + datetime.timedelta(seconds=stage.now)

        random.seed(seed)
        capture = _Capture(self.trace)
        with contextlib.ExitStack() as stack:
            stack.enter_context(_logging(capture, logger_levels))
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("always")
            warnings.showwarning = lambda message, category, *rest: self.trace.note(
                "warning", category.__name__
            )
            stack.enter_context(mock.patch.object(time, "sleep", self.sleep))
            stack.enter_context(mock.patch.object(time, "monotonic", lambda: 1000 + self.now))
            stack.enter_context(mock.patch.object(datetime, "datetime", VirtualDatetime))
            stack.enter_context(mock.patch.object(asyncio, "sleep", self.async_sleep))
            yield
            self.trace.add("next random number", repr(random.random()))


class _Capture(logging.Handler):
    def __init__(self, trace):
        super().__init__(0)
        self._trace = trace

    def emit(self, record):
        error = record.exc_info[1] if record.exc_info else None
        args = (
            [self._trace.show(arg) for arg in record.args]
            if isinstance(record.args, tuple)
            else repr(record.args)
        )
        self._trace.add(
            "log",
            record.name,
            record.levelno,
            record.msg,
            args,
            record.getMessage(),
            self._trace.show(error),
        )


@contextlib.contextmanager
def _logging(capture, levels):
    root = logging.getLogger()
    before = {name: logging.getLogger(name).level for name in levels}
    root_level = root.level
    root.addHandler(capture)
    root.setLevel(1)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
        root.removeHandler(capture)
        root.setLevel(root_level)
