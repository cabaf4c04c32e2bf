"""The wait after a failed try: the strategy's, with jitter, as the engine wants it."""

from __future__ import annotations

from rebackoff import _common
from rebackoff._jitter import uniform
from rebackoff._mistakes import shown
from rebackoff._seconds import number, plain
from rebackoff._switches import switches

_next_wait = _common._next_wait
# what stands for a wait where the strategy has ended
ENDED = object()
# what `time.sleep` takes: not a `Fraction`, nor every number of numpy
_SLEPT = (float, int)


def next_wait(call, outcome, elapsed):
    """The next wait of the call after jitter; `ENDED` where the strategy has ended."""
    jitter = None if switches.has_no_jitter else (call.policy or call.options).jitter
    patched = call.names["_next_wait"]
    call.raw = None
    try:
        if patched is not _next_wait:
            return patched(call.raw_waits(), outcome, jitter, elapsed, call.engine.max_time)
        wait = call.raw_waits().send(outcome)
        if type(wait) is not int and type(wait) is not float:
            wait = plain(wait)
        call.raw = wait
        if jitter is None:
            return wait
        try:
            return jitter(wait)
        except TypeError:
            if not _common.is_nullary(jitter):
                raise
        return _common.add_nullary(jitter, wait)
    except StopIteration:
        return ENDED


def fitted(call, wait):
    """The wait that the engine makes of `wait`, or the reason to give up."""
    engine = call.engine
    if wait is ENDED:
        return engine.handle_wait(None)
    seconds = wait
    if type(wait) is int:
        seconds = number(wait)
    elif type(wait) is not float:
        wait = plain(wait)
        seconds = number(wait)
        if seconds is not None and not isinstance(wait, _SLEPT):
            wait = seconds
    if seconds is None or not seconds >= 0:
        raise _blame(call, wait, seconds)
    chance = 0.0
    has_draw = call.options.hint is not None and not switches.has_no_jitter
    if has_draw and engine.wants_draw():
        # what a patched `random` gives may be anything
        chance = number(uniform(0.0, 1.0)) or 0.0
    decided = engine.handle_wait(seconds, chance)
    # a hint raises the wait, `max_time` shortens it; otherwise it stays the number that it is
    return wait if decided == seconds else decided


def hinted(hint):
    """The hint as an exact float; minus infinity is an order to stop."""
    if hint is None:
        return None
    seconds = number(plain(hint))
    if seconds is None or seconds != seconds:
        rule = "a number of seconds, a timedelta, or None for no hint"
        raise TypeError(f"hint must give {rule}, but it gave {shown(hint)}")
    return seconds


def _blame(call, wait, seconds):
    """The error for what is no wait, with its source."""
    raw, jitter = number(call.raw), call.options.jitter
    source = call.options.waits_name()
    if jitter is not None and raw is not None and raw >= 0:
        source = f"the jitter {shown(jitter)}"
    kind = TypeError if seconds is None else ValueError
    return kind(f"a wait must be a number of seconds, 0 or more, but {source} gave {shown(wait)}")
