"""nopanic: the same work in its words. It logs nothing and calls nothing on success."""

from loading import load

from libraries._backoff_like import failing, fails

LABEL = "nopanic"
REQUIREMENT = "nopanic==0.3.0"
MODULE = "nopanic"


def rows(folder):
    return Rows(load(MODULE, folder))


class Rows:
    def __init__(self, nopanic):
        self._nopanic = nopanic

    def success(self, target):
        return self._retry(target, attempts=2**31, cap=60.0)

    async_success = success

    def limited(self, target):
        return self._retry(target, attempts=8, cap=60.0, max_time=60.0)

    def retry_quiet(self, target):
        return self._retry(target, attempts=2**31, cap=1.0)

    def async_limited(self, target):
        return self._retry(target, attempts=2**31, cap=60.0, max_time=60.0)

    def decorating(self, target):
        return lambda value: self._retry(target, attempts=3, cap=60.0)

    def giving_up(self, target):
        return failing(self._retry(fails, attempts=3, cap=60.0))

    def _retry(self, target, *, attempts, cap, **options):
        backoff = self._nopanic.backoff.full_jitter(base=1.0, cap=cap)
        return self._nopanic.retry(attempts=attempts, on=ValueError, backoff=backoff, **options)(
            target
        )
