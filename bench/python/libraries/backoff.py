"""backoff 2.2.1, which owns the import name `backoff` together with its twin: loaded from its own folder."""

from libraries import _backoff_like

LABEL = "backoff 2.2.1"
REQUIREMENT = "backoff==2.2.1"
MODULE = "backoff"


def rows(folder):
    return _backoff_like.rows(MODULE, folder)
