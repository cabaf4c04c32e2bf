"""Attempts, details and log records, which the decorators share.

Names with an underscore are those that programs import from `backoff._common`, or patch there.
"""

from __future__ import annotations

import sys
from importlib import import_module

from rebackoff import _null_handler
from rebackoff._callables import is_cancellation, name_of, takes
from rebackoff._namespaces import watch
from rebackoff._on_demand import finder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

    Exceptions = type[BaseException] | tuple[type[BaseException], ...]

LOGGER_NAME = "backoff"
# the namespace of `rebackoff._decorator`, where programs patch functions of this module
decorator_names: dict[str, Any] = {}
_find = finder("_common")
_null_handler.add(LOGGER_NAME)


class Attempt:
    """One try of a retry context: `with attempt:` keeps an error that may be retried.

    number: the number of the try, from 1 on.
    next_wait: the seconds that were waited after it; None before that, and after the last try.
    """

    __slots__ = ("_call", "exception", "exception_types", "next_wait", "number")
    __match_args__ = ("exception_types",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, exception_types: Exceptions, call: Any = None) -> None:
        self.exception_types = exception_types
        self.exception: BaseException | None = None
        self._call = call
        self.number: int = 1 if call is None else call.tries
        self.next_wait: float | None = None

    @property
    def elapsed(self) -> float:
        """The seconds since the first try began."""
        return 0.0 if self._call is None else float(self._call.read_elapsed())

    def __enter__(self) -> Attempt:
        if self._call is not None:
            self._call.enter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if self._call is not None:
            self._call.leave()
        if kind is None:
            if self._call is not None:
                self._call.handle_success(None)
            return False
        if self._is_kept(kind, error):
            self.exception = error
            return True
        if self._call is not None:
            self._call.abandon()
        return False

    def _is_kept(self, kind: type[BaseException], error: BaseException | None) -> bool:
        if not issubclass(kind, self.exception_types):
            return False
        narrow = without_base(self.exception_types)
        if narrow is None:
            narrow = without_exception(self.exception_types)
        return narrow is None or not is_cancellation(error, narrow)

    def __repr__(self) -> str:
        return f"Attempt(exception_types={self.exception_types!r}, exception={self.exception!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Attempt):
            return NotImplemented
        return (self.exception_types, self.exception) == (other.exception_types, other.exception)


class MoreDetails(dict):
    """Backoff's details, and further keys for those who ask for them by name.

    Neither a copy, a loop nor a comparison with a dict that has none comes upon them, so that
    programs and tests which expect backoff's keys and no others find just these.
    """

    MORE = ("reason", "amplification", "name", "max_tries", "total_tries")

    __hash__ = None

    def __iter__(self):
        return (key for key in dict.__iter__(self) if key not in self.MORE)

    def __reversed__(self):
        return reversed([*self])

    def __len__(self):
        return dict.__len__(self) - sum(key in self for key in self.MORE)

    def copy(self):
        return {key: self[key] for key in self}

    def keys(self):
        return self.copy().keys()

    def items(self):
        return self.copy().items()

    def values(self):
        return self.copy().values()

    def popitem(self):
        key, value = self.copy().popitem()
        del self[key]
        return key, value

    def __eq__(self, other):
        if isinstance(other, dict) and not any(key in other for key in self.MORE):
            return self.copy() == other
        return dict.__eq__(self, other)

    def __ne__(self, other):
        return not self == other


def more(details):
    """The details with room for what only those see who ask for it by name."""
    return details if type(details) is MoreDetails else MoreDetails(details)


def without_base(exceptions):
    """The exceptions without `BaseException` and `Exception`, as a tuple, if `BaseException` is among them; otherwise None."""
    flat = tuple(_flattened(exceptions))
    if BaseException not in flat:
        return None
    return tuple(kind for kind in flat if kind not in (BaseException, Exception))


def without_exception(exceptions):
    """The exceptions without `Exception`, as a tuple, if that is among them; otherwise None."""
    flat = tuple(_flattened(exceptions))
    return tuple(kind for kind in flat if kind is not Exception) if Exception in flat else None


def _flattened(exceptions):
    if isinstance(exceptions, tuple):
        for kind in exceptions:
            yield from _flattened(kind)
    else:
        yield exceptions


def _maybe_call(f, *args, **kwargs):
    """Returns what `f` returns, if it is callable with these arguments; otherwise `f`."""
    if not callable(f):
        return f
    try:
        return f(*args, **kwargs)
    except TypeError:
        if takes(f, len(args)):
            raise
        return f


def _init_wait_gen(wait_gen, wait_gen_kwargs):
    """A wait generator that is ready to be sent outcomes."""
    generator = wait_gen(**{name: _maybe_call(value) for name, value in wait_gen_kwargs.items()})
    generator.send(None)
    return generator


def _next_wait(wait, send_value, jitter, elapsed, max_time):
    """The next wait: raw, jittered, then no longer than what is left of `max_time`."""
    seconds = wait.send(send_value)
    if jitter is not None:
        try:
            seconds = jitter(seconds)
        except TypeError:
            if not is_nullary(jitter):
                raise
            seconds = add_nullary(jitter, seconds)
    return seconds if max_time is None else min(seconds, max_time - elapsed)


def is_nullary(jitter):
    """Returns whether the jitter is one that takes no argument."""
    return takes(jitter, 0) and not takes(jitter, 1)


def add_nullary(jitter, wait):
    """The jitter functions of backoff before 1.2 take no argument and give what to add."""
    import warnings

    warnings.warn(
        "Nullary jitter function signature is deprecated. Use unary signature accepting a "
        "wait value in seconds and returning a jittered version of it.",
        category=DeprecationWarning,
        stacklevel=2,
    )
    return wait + jitter()


def patched(name):
    """The private function of that name, or what a program has put in its place."""
    return decorator_names[name] if name in decorator_names else globals()[name]


def _prepare_logger(logger):
    """The logger of that name, if it is a name; None at the end of a program that has not imported `logging`."""
    if not isinstance(logger, str):
        return logger
    if logger == LOGGER_NAME and _null_handler.logger is not None:
        return _null_handler.logger
    if sys.meta_path is None and _null_handler.logging is None:
        return None
    return _found("logging").getLogger(logger)


def _config_handlers(user_handlers, *, default_handler=None, logger=None, log_level=None):
    """The handlers as a list, the default handler first where there is a logger."""
    handlers = []
    if logger is not None:
        import functools

        assert default_handler is not None and log_level is not None, (
            "a logger needs a default handler and a log level"
        )
        handlers.append(functools.partial(default_handler, logger=logger, log_level=log_level))
    if user_handlers is None:
        return handlers
    if hasattr(user_handlers, "__iter__"):
        return handlers + list(user_handlers)
    return [*handlers, user_handlers]


def _log_backoff(details, logger, log_level):
    name, outcome = _name(details), _described(details)
    logger.log(log_level, "Backing off %s(...) for %.1fs (%s)", name, details["wait"], outcome)


def _log_giveup(details, logger, log_level):
    name, outcome = _name(details), _described(details)
    logger.log(log_level, "Giving up %s(...) after %d tries (%s)", name, details["tries"], outcome)


def _log_backoff_context(details, logger, log_level):
    name, wait, error = _in_template(details), details["wait"], details.get("exception")
    logger.log(log_level, f"Backing off {name}(...) for %.1fs (%s)", wait, error)


def _log_giveup_context(details, logger, log_level):
    name, tries, error = _in_template(details), details["tries"], details.get("exception")
    logger.log(log_level, f"Giving up {name}(...) after %d tries (%s)", tries, error)


def _in_template(details):
    """The name of a context, which stands in the template of its records, as in the originals."""
    return _name(details).replace("%", "%%")


def _name(details):
    """The name that the program gave the call, or that of the target."""
    target = details.get("target")
    name = "retry_context" if target is None else name_of(target)
    return details.get("name", name)


def _described(details):
    """The value, or the error as the last line of a traceback has it, whatever notes it carries."""
    error = details.get("exception")
    if error is None:
        error = sys.exc_info()[1] if "value" not in details else None
    if error is None:
        return details["value"]
    # its own `traceback`, as nothing can be imported at the end of a program
    traceback = _found("logging").traceback
    summary = traceback.TracebackException(type(error), error, None, compact=True)
    summary.__notes__ = None
    return list(summary.format_exception_only())[-1].rstrip("\n")


def _found(name: str) -> Any:
    if name == "logging":
        logging = _null_handler.logging or import_module(name)
        logger = _null_handler.logger or logging.getLogger(LOGGER_NAME)
        globals().update(logging=logging, _logger=logger)
        return logging
    if name == "_logger":
        return _prepare_logger(LOGGER_NAME)
    return _find(name)


watch(__name__)
if not TYPE_CHECKING:
    __getattr__ = _found
