"""tenacity: the same work in its words. It logs nothing by default and calls nothing on success."""

from loading import load

LABEL = "tenacity"
REQUIREMENT = "tenacity==9.2.1"
MODULE = "tenacity"


def rows(folder):
    return Rows(load(MODULE, folder))


class Rows:
    def __init__(self, tenacity):
        self._tenacity = tenacity
        self._when = tenacity.retry_if_exception_type(ValueError)
        self._wait = tenacity.wait_random_exponential()

    def success(self, target):
        return self._tenacity.retry(retry=self._when, wait=self._wait)(target)

    async_success = success

    def limited(self, target):
        stop = self._tenacity.stop_after_attempt(8) | self._tenacity.stop_after_delay(60)
        return self._tenacity.retry(retry=self._when, wait=self._wait, stop=stop)(target)

    def retry_quiet(self, target):
        return self._tenacity.retry(
            retry=self._when, wait=self._tenacity.wait_random_exponential(max=1)
        )(target)
