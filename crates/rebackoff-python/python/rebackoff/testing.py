"""Aids for the tests of programs that retry.

The switches hold for the whole process, whatever thread or task calls; they nest.
With pytest, the fixtures `rebackoff_disabled` and `rebackoff_no_wait` hold for one test.
"""

from __future__ import annotations

from contextlib import contextmanager

from rebackoff import _switches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["disabled", "no_wait"]


@contextmanager
def disabled() -> Generator[None, None, None]:
    """Inside, every failure is final: the target is called once, and its error or value comes back.

    with rebackoff.testing.disabled():
        with pytest.raises(ConnectionError):
            fetch(url)
    """
    before, _ = _switches.switch(disabled=True, into=_switches.waits)
    try:
        yield
    finally:
        _switches.switch(disabled=before, into=_switches.waits)


@contextmanager
def no_wait() -> Generator[list[float], None, None]:
    """Inside, no call sleeps; gives the list of the waits in their order.

    For budgets and breakers the waits pass all the same: a breaker that would be half-open after a wait
    is, and a budget has filled. Their clock stays ahead when the block is left.

    with rebackoff.testing.no_wait() as waits:
        fetch(url)
    assert len(waits) == 2
    """
    waits: list[float] = []
    _, before = _switches.switch(disabled=_switches.is_disabled, into=waits)
    try:
        yield waits
    finally:
        _switches.switch(disabled=_switches.is_disabled, into=before)
