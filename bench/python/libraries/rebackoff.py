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

    def context(self, target):
        def block(value):
            for attempt in self._backoff.retry_context(ValueError, self._backoff.expo, max_tries=3):
                with attempt:
                    pass

        return block

    def decorating(self, target):
        return lambda value: self._guarded(target, max_tries=3)

    def async_limited(self, target):
        return self._guarded(target, max_time=60)

    def async_told(self, target):
        return self._guarded(target, on_backoff=lambda details: None)

    def giving_up(self, target):
        def fails(value):
            raise ValueError

        call = self._guarded(fails, max_tries=3, logger=None)

        def block(value):
            try:
                call(value)
            except ValueError:
                pass

        return block

    def _guarded(self, target, **guards):
        return self._backoff.on_exception(self._backoff.expo, ValueError, **guards)(target)
