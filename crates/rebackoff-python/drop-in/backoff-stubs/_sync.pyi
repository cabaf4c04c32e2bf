import datetime as datetime
import functools as functools
import time as time
from collections.abc import Callable, Generator, Iterable
from datetime import timedelta as timedelta
from typing import Any, TypeVar

from ._common import Attempt as Attempt
from ._common import _init_wait_gen as _init_wait_gen
from ._common import _maybe_call as _maybe_call
from ._common import _next_wait as _next_wait
from ._common import _RetryState as _RetryState

_CallableT = TypeVar("_CallableT", bound=Callable[..., Any])

def _call_handlers(
    hdlrs: Iterable[Callable[[Any], Any]],
    target: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    tries: int,
    elapsed: float,
    **extra: Any,
) -> None: ...
def _dispatch_handlers(handlers: Iterable[Callable[[Any], Any]], **details: Any) -> None: ...
def retry_predicate(
    target: _CallableT,
    wait_gen: Callable[..., Any],
    predicate: Callable[[Any], Any],
    **options: Any,
) -> _CallableT: ...
def retry_exception(
    target: _CallableT, wait_gen: Callable[..., Any], exception: Any, **options: Any
) -> _CallableT: ...
def retry_context(
    exception: Any, wait_gen: Callable[..., Any], **options: Any
) -> Generator[Attempt]: ...
