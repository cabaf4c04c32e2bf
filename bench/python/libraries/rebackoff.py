"""rebackoff, built from this tree and installed in the interpreter that runs the benchmark."""

from loading import load

from libraries import _backoff_like

LABEL = "rebackoff"
REQUIREMENT = None
MODULE = "rebackoff"


def rows(folder):
    return _backoff_like.Rows(load(MODULE, folder))
