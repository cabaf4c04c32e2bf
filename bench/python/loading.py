"""Imports a library from its own folder, so that two that share an import name can stand side by side."""

import importlib
import sys

SHARED_NAME = "backoff"


def load(module, folder):
    """`folder` is where pip put it, or None for what is installed in this interpreter."""
    if folder is None:
        return importlib.import_module(module)
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(module)
    finally:
        sys.path.remove(str(folder))
        if module == SHARED_NAME:
            for name in [name for name in sys.modules if name.split(".")[0] == module]:
                del sys.modules[name]
