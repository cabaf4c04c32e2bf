"""`backoff` is `rebackoff`: `sys.modules` holds one module under both names."""

import os

import rebackoff

if os.path.exists(os.path.join(os.path.dirname(__file__), "_decorator.py")):
    import warnings

    warnings.warn(
        "backoff (or python-backoff) is installed beside rebackoff-drop-in, in the same folder; rebackoff is the one that is used. "
        "To get rid of this warning: pip uninstall backoff python-backoff, then install rebackoff-drop-in again",
        RuntimeWarning,
        stacklevel=2,
    )

rebackoff.install_as_backoff()
