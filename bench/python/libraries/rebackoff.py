"""rebackoff, built from this tree and installed in the interpreter that runs the benchmark."""

import importlib

from libraries import _backoff_like

LABEL = "rebackoff"
REQUIREMENT = None
MODULE = "rebackoff"


def rows(folder):
    library = _backoff_like.fresh(MODULE, folder)
    return Rows(library, importlib.import_module(f"{MODULE}.telemetry"))


class Rows(_backoff_like.RowsWithContexts):
    """The rows of the peers, and rows with guards, which the peers lack."""

    def __init__(self, backoff, telemetry):
        super().__init__(backoff)
        self._telemetry = telemetry

        class Successes(telemetry.Exporter):
            def on_success(self, record):
                pass

        self._exporter = Successes()

    def prepare(self):
        super().prepare()
        self._telemetry.uninstrument()

    def prepare_exporter(self):
        self.prepare()
        self._telemetry.instrument(self._exporter)

    def exporter(self, target):
        return self.success(target)

    def budget(self, target):
        return self._with(target, budget=self._backoff.Budget.share())

    def breaker(self, target):
        return self._with(target, breaker=self._backoff.Breaker())

    def guarded(self, target):
        budget, breaker = self._backoff.Budget.share(), self._backoff.Breaker()
        return self._with(target, budget=budget, breaker=breaker)
