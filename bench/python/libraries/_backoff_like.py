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

    def async_limited(self, target):
        return self._with(target, max_time=60)

    def async_on_backoff(self, target):
        return self._with(target, on_backoff=seen)

    def async_on_giveup(self, target):
        return self._with(target, on_giveup=seen)

    def decorating(self, target):
        return lambda value: self._with(target, max_tries=3)

    def giving_up(self, target):
        return failing(self._with(fails, max_tries=3, logger=None))

    def _with(self, target, **options):
        return self._backoff.on_exception(self._backoff.expo, ValueError, **options)(target)


class RowsWithContexts(Rows):
    """The rows of the packages that have retry contexts as well."""

    def context(self, target):
        def block(value):
            for attempt in self._backoff.retry_context(ValueError, self._backoff.expo, max_tries=3):
                with attempt:
                    pass

        return block


def fails(value):
    raise ValueError


def failing(call):
    """Calls what gives up, and takes its error."""

    def caught(value):
        try:
            call(value)
        except ValueError:
            pass

    return caught
