"""The functions that are decorated: as little work as possible, so that what remains is the library."""

from rows import RETRIES

failures_left = 0


def success(value):
    return value


async def async_success(value):
    return value


def fails_a_while(value):
    """Raises until the caller's count is used up, then succeeds and starts anew."""
    global failures_left
    if failures_left:
        failures_left -= 1
        raise ValueError("not yet")
    failures_left = RETRIES
    return value


def retried_by_hand(value):
    """The least that retrying costs: what a library costs above it is its overhead."""
    while True:
        try:
            return fails_a_while(value)
        except ValueError:
            pass


def seen(details):
    pass
