"""Makes `import backoff` give rebackoff.

The line in `rebackoff_drop_in.pth` runs at each start of Python. It asks this module when `backoff` is imported.
"""

from importlib import util
from importlib.machinery import ModuleSpec


def find_spec():
    """The spec of `backoff`; None, which leaves it to the original, where rebackoff is not installed."""
    if util.find_spec("rebackoff") is None:
        return None
    from rebackoff._aliases import Aliases

    return ModuleSpec("backoff", Aliases(), is_package=True)
