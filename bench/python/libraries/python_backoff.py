"""python-backoff 3.0.0, which owns the import name `backoff` together with its twin: loaded from its own folder."""

from libraries import _backoff_like

LABEL = "python-backoff 3.0.0"
REQUIREMENT = "python-backoff==3.0.0"
MODULE = "backoff"


def rows(folder):
    return _backoff_like.RowsWithContexts(_backoff_like.fresh(MODULE, folder))
