"""`import backoff`, for programs and libraries that say so."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec

_OURS, _THEIRS = "rebackoff", "backoff"
# what libraries compare `backoff.__version__` with
_COMPATIBLE = "2.2.1"


def install_as_backoff():
    """Makes `import backoff` give this package, for everything that is imported from now on.

    Its modules are the same objects under both names, so that a patch of `backoff._sync` is one of
    `rebackoff._sync`. Calling it again does nothing. As in the original, the logger `backoff` logs from
    level INFO on where the application has set no level, and `__version__` is 2.2.1.

    Raises:
        RuntimeError: Another `backoff` has been imported already, and part of the program uses it.
    """
    ours = sys.modules[_OURS]
    theirs = sys.modules.get(_THEIRS, ours)
    spec = getattr(theirs, "__spec__", None)
    if theirs is not ours and not getattr(spec, "_initializing", False):
        raise RuntimeError(
            "install_as_backoff() has to come before the first `import backoff`, but another backoff is imported already, "
            f"from {getattr(theirs, '__file__', None)}"
        )
    sys.modules[_THEIRS] = ours
    if not any(isinstance(finder, Aliases) for finder in sys.meta_path):
        sys.meta_path.insert(0, Aliases())
    ours.__version__ = _COMPATIBLE
    _set_level()


def _set_level():
    import logging

    logger = logging.getLogger(_THEIRS)
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)


class Aliases(MetaPathFinder, Loader):
    """Finds `backoff` and `backoff.x` where `rebackoff` and `rebackoff.x` are."""

    def find_spec(self, name, path=None, target=None):
        is_installed = sys.modules.get(_THEIRS) is sys.modules.get(_OURS)
        if name.startswith(_THEIRS + ".") and is_installed:
            return ModuleSpec(name, self)
        return None

    def create_module(self, spec):
        module = import_module(_OURS + spec.name[len(_THEIRS) :])
        spec.loader_state = module.__spec__
        if spec.name == _THEIRS:
            install_as_backoff()
        return module

    def exec_module(self, module):
        # It is executed already; the import system has only lent it the alias's spec.
        module.__spec__ = module.__spec__.loader_state
