"""retrying: the same work in its words, in milliseconds. It has no async and calls nothing on success."""

from loading import load

LABEL = "retrying"
REQUIREMENT = "retrying==1.4.2"
MODULE = "retrying"


def rows(folder):
    return Rows(load(MODULE, folder))


class Rows:
    def __init__(self, retrying):
        self._retrying = retrying

    def success(self, target):
        return self._retry(target)

    def limited(self, target):
        return self._retry(target, stop_max_attempt_number=8, stop_max_delay=60_000)

    def retry_quiet(self, target):
        return self._retry(target, wait_exponential_max=1_000)

    def _retry(self, target, **options):
        return self._retrying.retry(
            retry_on_exception=is_value_error, wait_exponential_multiplier=1_000, **options
        )(target)


def is_value_error(error):
    return isinstance(error, ValueError)
