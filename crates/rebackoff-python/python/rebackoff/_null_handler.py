"""The handler that keeps the logger's records from `logging.lastResort`, without importing `logging`."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

# the module, once the program has imported it: at its end a program imports nothing, not even what it has
logging: Any = None
# the logger, looked up then: a test may have put its own `getLogger` in place when a call fails
logger: Any = None


def add(name: str) -> None:
    """Adds a `NullHandler` to the logger, as soon as the program has imported `logging`."""
    module = sys.modules.get("logging")
    if module is None or not hasattr(module, "getLogger"):
        sys.meta_path.insert(0, _AtImport(name))
    else:
        _add(module, name)


def _add(module: ModuleType, name: str) -> None:
    global logging, logger
    logging = module
    logger = logging.getLogger(name)
    if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
        logger.addHandler(logging.NullHandler())


class _AtImport:
    """A finder that lets the others find `logging`, and acts when the module has been executed."""

    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != "logging":
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        specs = (finder.find_spec(name, path, target) for finder in others)
        spec = next(filter(None, specs), None)
        if spec is not None:
            self._follow(spec.loader)
        return spec

    def _follow(self, loader: Any) -> None:
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            _add(module, self._name)
            if self in sys.meta_path:
                sys.meta_path.remove(self)

        loader.exec_module = exec_module
