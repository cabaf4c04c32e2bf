"""rebackoff, built from this tree and installed in the interpreter that runs the benchmark."""

from libraries import _backoff_like

LABEL = "rebackoff"
REQUIREMENT = None
MODULE = "rebackoff"


def rows(folder):
    return Rows(_backoff_like.fresh(MODULE, folder))


class Rows(_backoff_like.RowsWithContexts):
    """The rows of the peers, and rows with guards, which the peers lack."""

    def budget(self, target):
        return self._with(target, budget=self._backoff.Budget.share())

    def breaker(self, target):
        return self._with(target, breaker=self._backoff.Breaker())

    def guarded(self, target):
        budget, breaker = self._backoff.Budget.share(), self._backoff.Breaker()
        return self._with(target, budget=budget, breaker=breaker)
