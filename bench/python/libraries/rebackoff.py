"""rebackoff, built from this tree and installed in the interpreter that runs the benchmark."""

from libraries import _backoff_like

LABEL = "rebackoff"
REQUIREMENT = None
MODULE = "rebackoff"


def rows(folder):
    return _backoff_like.rows(MODULE, folder)
