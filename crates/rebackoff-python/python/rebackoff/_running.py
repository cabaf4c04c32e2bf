"""The report of waits that block an event loop."""

from __future__ import annotations

import sys

from rebackoff._callables import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_reported = False
# `_get_running_loop`, once the program has imported asyncio
_loop: Any = None


def report(target: Any, wait: Any) -> None:
    """Logs, once in a process, that a wait blocks the event loop of this thread."""
    global _reported, _loop
    if _loop is None and "_asyncio" in sys.modules:
        _loop = sys.modules["_asyncio"]._get_running_loop
    if _reported or _loop is None or _loop() is None:
        return
    _reported = True
    from rebackoff._common import LOGGER_NAME, _prepare_logger

    name = "a retry_context" if target is None else f"{name_of(target)}()"
    _prepare_logger(LOGGER_NAME).warning(
        "%s waits %.3g s inside a running event loop, which blocks all of its tasks: "
        "retry a coroutine function, or run the call in a thread",
        name,
        wait,
    )
