"""Imports a library from its own folder, so that two that share an import name can stand side by side."""

import importlib
import pathlib
import sys

SHARED_NAME = "backoff"
# the environment of the tests has the drop-in, which gives rebackoff where `backoff` is imported
WITHOUT_DROP_IN = (
    "import sys; sys.meta_path[:] = "
    "[one for one in sys.meta_path if getattr(one, '__name__', '') != 'RebackoffDropIn']"
)

exec(WITHOUT_DROP_IN)


def load(module, folder):
    """`folder` is where pip put it, or None for what is installed in this interpreter."""
    if folder is None:
        return importlib.import_module(module)
    sys.path.insert(0, str(folder))
    try:
        library = importlib.import_module(module)
        if pathlib.Path(folder) not in pathlib.Path(library.__file__).parents:
            raise RuntimeError(f"{module} is that of {library.__file__}, and not that of {folder}")
        return library
    finally:
        sys.path.remove(str(folder))
        if module == SHARED_NAME:
            for name in [name for name in sys.modules if name.split(".")[0] == module]:
                del sys.modules[name]
