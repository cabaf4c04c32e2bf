"""backon from PyPI: the interface of `backoff`, and a logger of its own."""

import logging

from loading import load

from libraries import _backoff_like

LABEL = "backon"
REQUIREMENT = "backon==4.4.5"
MODULE = "backon"


def rows(folder):
    logging.getLogger("backon").addHandler(logging.NullHandler())
    return _backoff_like.Rows(load(MODULE, folder))
