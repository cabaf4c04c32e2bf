"""`import backoff`, for programs and libraries that say so."""

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec

_OURS, _THEIRS = "rebackoff", "backoff"


def install_as_backoff():
    """Makes `import backoff` give this package, for everything that is imported from now on.

    Its modules are the same objects under both names, so that a patch of `backoff._sync` is one of
    `rebackoff._sync`. Calling it again does nothing.

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
    if not any(isinstance(finder, _Aliases) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Aliases())


class _Aliases(MetaPathFinder, Loader):
    """Finds `backoff.x` where `rebackoff.x` is."""

    def find_spec(self, name, path=None, target=None):
        if not name.startswith(_THEIRS + ".") or sys.modules.get(_THEIRS) is not sys.modules.get(
            _OURS
        ):
            return None
        return ModuleSpec(name, self)

    def create_module(self, spec):
        module = import_module(_OURS + spec.name[len(_THEIRS) :])
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module):
        # It is executed already; the import system has only lent it the alias's spec.
        module.__spec__ = module.__spec__.loader_state
