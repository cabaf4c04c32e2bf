"""rebackoff, built from this tree and installed in the interpreter that runs the benchmark."""

from libraries import _backoff_like

LABEL = "rebackoff"
REQUIREMENT = None
MODULE = "rebackoff"


def rows(folder):
    return Rows(_backoff_like.fresh(MODULE, folder))


class Rows(_backoff_like.Rows):
    """What the peers have, and guards, which they do not."""

    def budget(self, target):
        return self._guarded(target, budget=self._backoff.Budget.share())

    def breaker(self, target):
        return self._guarded(target, breaker=self._backoff.Breaker())

    def guarded(self, target):
        budget, breaker = self._backoff.Budget.share(), self._backoff.Breaker()
        return self._guarded(target, budget=budget, breaker=breaker)

    async_guarded = guarded

    def _guarded(self, target, **guards):
        return self._backoff.on_exception(self._backoff.expo, ValueError, **guards)(target)
