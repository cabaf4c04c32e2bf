"""The records that decorators log by default."""

from __future__ import annotations

from _operator import attrgetter  # `operator` may not be loaded

from rebackoff import _common
from rebackoff._switches import switches

# the methods on the way of a record
_METHODS = ("log", "isEnabledFor", "_log", "findCaller", "makeRecord", "handle", "filter")
_METHODS += ("callHandlers", "getEffectiveLevel")
_NULL_METHODS = ("handle", "emit")


def audible(logger, level):
    """The logger, unless provably no handler would get a record of this level."""
    if type(logger) is str:
        logger = _common.patched("_prepare_logger")(logger)
        if logger is None:
            return None
    if not _found:
        _look()
    born = _found[0]
    if (
        switches.is_patched
        or born is None
        or type(logger) is not born.logger
        or "log" in logger.__dict__
        or born.logger.log is not born.log
    ):
        return logger
    if not logger.isEnabledFor(level):
        return None  # as its method `log` would find
    if (
        not _METHODS_SET.isdisjoint(logger.__dict__)
        or born.methods_of(born.logger) != born.methods
        or not born.is_unheard(logger)
    ):
        return logger
    return None


def backoff(details, logger, level):
    """Logs through Python's own functions, so that a patch of theirs has its effect."""
    name = "_log_backoff" if "target" in details else "_log_backoff_context"
    _common.patched(name)(details, logger=logger, log_level=level)


def giveup(details, logger, level):
    """Logs that a call gave up."""
    name = "_log_giveup" if "target" in details else "_log_giveup_context"
    _common.patched(name)(details, logger=logger, log_level=level)


_METHODS_SET = frozenset(_METHODS)
_NULL_SET = frozenset(_NULL_METHODS)


class _Born:
    """The module `logging` as it was at the first look."""

    def __init__(self, logging):
        self.module = logging
        self.logger, self.null_handler = logging.Logger, logging.NullHandler
        self.factory = logging.LogRecord
        self.log = logging.Logger.log
        self.methods_of = attrgetter(*_METHODS)
        self.null_methods_of = attrgetter(*_NULL_METHODS)
        self.methods = self.methods_of(self.logger)
        self.null_methods = self.null_methods_of(self.null_handler)

    def is_whole(self):
        """Returns whether nothing had been replaced by then."""
        functions = (*self.methods, *self.null_methods)
        files = {getattr(getattr(one, "__code__", None), "co_filename", None) for one in functions}
        classes = (self.logger, self.null_handler, self.factory)
        return (
            len(files) == 1
            and None not in files
            and all(one.__module__ == "logging" for one in classes)
        )

    def is_unheard(self, logger):
        """Returns whether every handler up the chain is a `NullHandler`, and there is one."""
        null_handler = self.null_handler
        if (
            logger.filters
            or self.module._logRecordFactory is not self.factory
            or self.null_methods_of(null_handler) != self.null_methods
        ):
            return False
        found = False
        while logger is not None:
            for handler in logger.handlers:
                if type(handler) is not null_handler or not _NULL_SET.isdisjoint(handler.__dict__):
                    return False
                found = True
            logger = logger.parent if logger.propagate else None
        return found


_found = []


def _look():
    """Finds None where something was replaced before the first look, so that nothing can be proven."""
    born = _Born(_common.logging)
    _found.append(born if born.is_whole() else None)
