"""stamina: the same work in its words. It logs retries through its hooks, and calls nothing on success."""

import logging

from loading import load

LABEL = "stamina"
REQUIREMENT = "stamina==26.1.0"
MODULE = "stamina"


def rows(folder):
    return Rows(load(MODULE, folder))


class Rows:
    def __init__(self, stamina):
        self._stamina = stamina
        logging.getLogger("stamina").addHandler(logging.NullHandler())
        # it would print through structlog, and count for Prometheus, where these are installed
        hooks = stamina.instrumentation
        hooks.set_on_retry_hooks([hooks.LoggingOnRetryHook])

    def success(self, target):
        return self._stamina.retry(on=ValueError, attempts=None, timeout=None)(target)

    async_success = success

    def limited(self, target):
        return self._stamina.retry(on=ValueError, attempts=8, timeout=60)(target)

    def retry_logged(self, target):
        return self._stamina.retry(on=ValueError, attempts=None, timeout=None, wait_max=1)(target)
