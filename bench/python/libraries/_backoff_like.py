"""The rows as `backoff` spells them, for every package with its interface."""

from targets import seen


class Rows:
    def __init__(self, backoff):
        self._backoff = backoff

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
