"""Groups of exceptions, those of the backport `exceptiongroup` included."""

from __future__ import annotations

import builtins
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def group_class() -> Any:
    """`BaseExceptionGroup`; None where this Python and its imported modules have none."""
    for module in (builtins, sys.modules.get("exceptiongroup")):
        kind = getattr(module, "BaseExceptionGroup", None)
        if kind is not None:
            return kind
    return None


def is_group(outcome: object) -> bool:
    """Returns whether the outcome is an `ExceptionGroup` or a `BaseExceptionGroup`."""
    kind = group_class()
    return kind is not None and isinstance(outcome, kind)


def leaves(outcome: Any) -> Iterator[Any]:
    """The errors in a group and in its groups, in their order; of anything else, the thing itself."""
    pending = [outcome]
    while pending:
        one = pending.pop()
        if is_group(one):
            pending += reversed(one.exceptions)
        else:
            yield one
