"""pytest's fixtures for programs that retry. None is on unless a test asks for it."""

from __future__ import annotations

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator

    from rebackoff.testing import VirtualClock


@pytest.fixture
def rebackoff_disabled() -> Generator[None, None, None]:
    """No retries: every failure is final."""
    from rebackoff.testing import disabled

    with disabled():
        yield


@pytest.fixture
def rebackoff_no_wait() -> Generator[list[float], None, None]:
    """Retries without sleeping; the value is the list of the waits."""
    from rebackoff.testing import no_wait

    with no_wait() as waits:
        yield waits


@pytest.fixture
def rebackoff_no_jitter() -> Generator[None, None, None]:
    """Waits without jitter."""
    from rebackoff.testing import no_jitter

    with no_jitter():
        yield


@pytest.fixture
def rebackoff_clock() -> Generator[VirtualClock, None, None]:
    """A virtual clock, which the waits of calls move on."""
    from rebackoff.testing import virtual_clock

    with virtual_clock() as clock:
        yield clock
