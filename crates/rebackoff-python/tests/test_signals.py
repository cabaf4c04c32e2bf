"""Signals that arrive during a call."""

from __future__ import annotations

import contextvars
import os
import signal
import sys
import time

import pytest
import rebackoff
from rebackoff import CircuitOpenError


class Alarm(Exception):
    pass


def always(**options):
    @rebackoff.on_exception(rebackoff.constant, ValueError, jitter=None, **options)
    def target():
        raise ValueError("lost")

    return target


@pytest.mark.smoke
def test_a_signal_interrupts_the_wait_with_the_targets_error_as_context():
    def ring(*_):
        raise Alarm

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    start = time.monotonic()
    try:
        with pytest.raises(Alarm) as raised:
            always(interval=60)()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - start < 60
    assert isinstance(raised.value.__context__, ValueError)


@pytest.mark.smoke
def test_a_signal_that_raises_nothing_does_not_shorten_the_wait():
    rang = []
    before = signal.signal(signal.SIGALRM, lambda *_: rang.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    start = time.monotonic()
    try:
        with pytest.raises(ValueError):
            always(interval=0.1, max_tries=2)()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert rang == [1] and time.monotonic() - start >= 0.1


VISIBLE = {"max_time": 60, "jitter": None, "interval": 0, "logger": None}


def plain():
    return 1


def items():
    yield 1


def by_exception(target, **options):
    return rebackoff.on_exception(rebackoff.constant, ValueError, **VISIBLE, **options)(target)


def isolated():
    breaker = rebackoff.Breaker()
    breaker.isolate()
    return breaker


@pytest.mark.parametrize(
    ("function", "consume"),
    [
        (by_exception(plain), int),
        (by_exception(plain, breaker=rebackoff.Breaker()), int),
        (by_exception(plain, breaker=isolated()), int),
        (by_exception(items), list),
        (rebackoff.on_predicate(rebackoff.constant, lambda _: False, **VISIBLE)(plain), int),
    ],
    ids=["call", "guarded", "rejected", "generator", "predicate"],
)
def test_a_signal_that_raises_between_any_two_steps_leaves_no_call_visible(function, consume):
    package = os.path.dirname(rebackoff.__file__)

    def call(step):
        def look(frame, event, _):
            nonlocal step
            is_step = event != "c_call" and frame.f_code.co_filename.startswith(package)
            step -= is_step
            if is_step and not step:
                raise Alarm

        sys.setprofile(look)
        try:
            consume(function())
        except (Alarm, CircuitOpenError):
            pass
        finally:
            sys.setprofile(None)
        return step

    call(0)  # imports what it needs
    for step in range(1, 200):
        context = contextvars.copy_context()
        left = context.run(call, step)
        assert context.run(rebackoff.remaining) is None, step
        if left > 0:
            break
    assert 5 < step < 199


def test_a_keyboard_interrupt_in_the_wait_comes_through(monkeypatch):
    def interrupted(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupted)
    with pytest.raises(KeyboardInterrupt) as raised:
        always()()
    assert isinstance(raised.value.__context__, ValueError)
