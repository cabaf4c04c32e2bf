"""The modules whose names programs patch. A patch is noticed when it is made, so that no call has to look for it."""

from __future__ import annotations

from importlib import import_module
from sys import modules
from types import ModuleType

from rebackoff._switches import switches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# the functions that call handlers, which are there only where a program has put them
_NOTIFIERS = {"_call_handlers", "_dispatch_handlers"}
# the functions that calls look up in these modules
_FUNCTIONS = (
    "_maybe_call",
    "_init_wait_gen",
    "_next_wait",
    "_prepare_logger",
    "_log_backoff",
    "_log_backoff_context",
    "_log_giveup",
    "_log_giveup_context",
    *_NOTIFIERS,
)
# each namespace, with the functions that it has at first
_watched: list[tuple[dict[str, Any], list[Any]]] = []


class _Namespace(ModuleType):
    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        _look()

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        _look()

    def __reduce__(self) -> tuple[Any, ...]:
        # what travels by value with its globals takes a plain module by its name
        return import_module, (self.__name__,)


def watch(module: str) -> None:
    """Notices what programs patch in this module from now on."""
    names = vars(modules[module])
    _watched.append((names, _functions(names)))
    modules[module].__class__ = _Namespace


def _functions(names: dict[str, Any]) -> list[Any]:
    return [names.get(name) for name in _FUNCTIONS]


def _is_patched(names: dict[str, Any], born: list[Any]) -> bool:
    return any(now is not then for now, then in zip(_functions(names), born))


def _look() -> None:
    switches.switch(
        is_patched=any(_is_patched(names, born) for names, born in _watched),
        has_notifier=any(_NOTIFIERS & names.keys() for names, _ in _watched),
    )
