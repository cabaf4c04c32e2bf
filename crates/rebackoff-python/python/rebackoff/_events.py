"""The events of a call: their details, the default records, and the handlers and exporters that they notify."""

from __future__ import annotations

from rebackoff import _instrumented, _log
from rebackoff._callables import is_awaitable
from rebackoff._common import more
from rebackoff._on_demand import original
from rebackoff._switches import switches

# stands for the outcome of an event that has none
NO_OUTCOME = object()
_MOST = 2**64 - 1


def is_patched(names):
    """Returns whether a program has put its own function in the place of one that calls handlers."""
    return "_call_handlers" in names or "_dispatch_handlers" in names


def details(call, elapsed, outcome=NO_OUTCOME, wait=None):
    """The details that handlers get."""
    options = call.options
    details = {"tries": call.tries, "elapsed": elapsed}
    if call.target is not None:
        details = {
            "target": call.target if options.timeout is None else call.target.__wrapped__,
            "args": call.args,
            "kwargs": call.kwargs,
            **details,
        }
    if options.by_predicate and outcome is not NO_OUTCOME:
        details["value"] = outcome
    if wait is not None:
        details["wait"] = wait
    if not options.by_predicate and outcome is not NO_OUTCOME:
        details["exception"] = outcome
    if options.name is not None:
        details = more(details)
        details["name"] = options.name
    if options.reset_after is not None:
        details = more(details)
        details["total_tries"] = call.earlier_tries + call.tries
    return details


def back_off(call, outcome, wait, elapsed):
    """Logs a wait and calls the handlers; the steps are what is to be awaited."""
    options = call.options
    level = options.backoff_log_level
    logger = _logger(call, level)
    if logger is None and not options.on_backoff and not is_watched(call):
        return ()
    given = _amplified(call, details(call, elapsed, outcome, wait))
    if logger is not None:
        _log.backoff(given, logger, level)
    return notify(call, "on_backoff", given)


def give_up(call, given, reason):
    """Logs that the call gives up and calls the handlers; the steps are what is to be awaited."""
    options = call.options
    level = options.giveup_log_level
    logger = _logger(call, level)
    if logger is None and not options.on_giveup and not is_watched(call):
        return ()
    given = more(given)
    given["reason"] = reason
    given = _amplified(call, given)
    if logger is not None:
        _log.giveup(given, logger, level)
    return notify(call, "on_giveup", given)


def is_watched(call):
    """Returns whether every event counts, whatever handlers there are."""
    return switches.is_instrumented or is_patched(call.names)


def notify(call, event, given):
    """Calls the handlers; the steps are what is to be awaited."""
    handlers = getattr(call.options, event)
    if call.options.is_exported:
        given = _exported(call, given)
    if is_patched(call.names):
        handlers = (original("notifier")(call, event),)
    if call.awaits:
        return _notify_and_await(call, handlers, event, given)
    for handler in handlers:
        handler(given)
    if switches.is_instrumented:
        _instrumented.export(event, _exported(call, given))
    return ()


def _notify_and_await(call, handlers, event, given):
    for handler in handlers:
        answer = handler(given)
        if is_awaitable(answer):
            yield answer
    if switches.is_instrumented:
        _instrumented.export(event, _exported(call, given))


def _amplified(call, given):
    if call.amplification is None:
        return given
    given = more(given)
    given["amplification"] = min(call.amplification * call.tries, _MOST)
    return given


def _exported(call, given):
    """The details with what exporters need besides."""
    most = call.options.max_tries if call.engine is None else call.engine.max_tries
    if type(most) is int:
        given = more(given)
        given["max_tries"] = most
    return given


def _logger(call, level):
    """The logger of the default records; None where no handler would get a record of this level."""
    logger = call.options.logger
    if logger is None or _instrumented.replaces_records or is_patched(call.names):
        return None  # a patched private function gets the handler that logs
    return _log.audible(logger, level)
