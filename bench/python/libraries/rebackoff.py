"""rebackoff, built from this tree and installed in the interpreter that runs the benchmark."""

from libraries import _backoff_like
from loading import load

LABEL = "rebackoff"
REQUIREMENT = None
MODULE = "rebackoff"


def rows(folder):
    return _backoff_like.Rows(load(MODULE, folder))
