"""The rows as `backoff` spells them, for every package with its interface."""

import logging

from loading import load
from targets import seen

LOGGER = logging.getLogger("backoff")


def rows(module, folder):
    return Rows(fresh(module, folder))


def fresh(module, folder):
    """The package, as if it were the only one that has touched the logger."""
    LOGGER.setLevel(logging.NOTSET)
    return load(module, folder)


class Rows:
    def __init__(self, backoff):
        self._backoff = backoff
        self._level = LOGGER.level

    def prepare(self):
        """The logger as the import of this package alone leaves it."""
        LOGGER.setLevel(self._level)

    def success(self, target):
        return self._backoff.on_exception(self._backoff.expo, ValueError)(target)

    async_success = success

    def limited(self, target):
        return self._backoff.on_exception(self._backoff.expo, ValueError, max_tries=8, max_time=60)(
            target
        )

    def on_success(self, target):
        return self._backoff.on_exception(self._backoff.expo, ValueError, on_success=seen)(target)

    def retry_logged(self, target):
        return self._backoff.on_exception(self._backoff.expo, ValueError, max_value=1)(target)

    def retry_quiet(self, target):
        return self._backoff.on_exception(self._backoff.expo, ValueError, max_value=1, logger=None)(
            target
        )
