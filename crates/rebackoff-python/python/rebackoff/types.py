"""The types of what handlers get, and of options that a program keeps in a dict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rebackoff._typing import ContextDetails, Details, PolicySettings

if TYPE_CHECKING:
    from rebackoff._decorator import _RetryOptions as RetryOptions

__all__ = ["ContextDetails", "Details", "PolicySettings", "RetryOptions"]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name != "RetryOptions":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from typing import TypedDict

        from rebackoff._option_table import OPTIONS

        names = dict.fromkeys(OPTIONS, Any)
        del names["raise_on_giveup"]  # the type of the decorated function depends on it
        options = TypedDict(name, names, total=False)
        options.__module__ = __name__
        globals()[name] = options
        return options
