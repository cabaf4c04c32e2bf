"""The options of the decorators: one table with the default, the check, the type and the meaning of each.

The stub `_decorator.pyi` and the documentation of the decorators are made of this table.
"""

from __future__ import annotations

from rebackoff import _checks
from rebackoff._common import LOGGER_NAME
from rebackoff._jitter import full_jitter


def never(error):
    """The default of `giveup`."""
    return False


class Option:
    """An option: its default, its check, its type in the stub, its meaning, and its default in words."""

    __slots__ = ("check", "default", "doc", "shown", "type")

    def __init__(self, default, check, type, doc, shown=None):
        self.default, self.check, self.type, self.doc, self.shown = default, check, type, doc, shown

    def in_words(self):
        """The default, as documentation shows it."""
        if self.shown is not None:
            return self.shown
        return f'`"{self.default}"`' if isinstance(self.default, str) else f"`{self.default}`"

    def meaning(self):
        """The meaning with the default."""
        return f"{self.doc} Default: {self.in_words()}."


_HANDLERS = "_Handlers"

OPTIONS = {
    "max_tries": Option(
        None,
        _checks.max_tries,
        "_MaxTries",
        "Most tries, the first included. None: no limit.",
    ),
    "max_time": Option(
        None,
        _checks.max_time,
        "_MaxTime",
        "Most seconds from the start of the first try. None: no limit.",
    ),
    "last_wait": Option(
        "shorten",
        _checks.one_of("shorten", "stop"),
        "_LastWait",
        'A wait that would end past `max_time`: "shorten" it to the time that is left and try once more, or "stop" and give up at once.',
    ),
    "nested": Option(
        "allow",
        _checks.one_of("allow", "once"),
        "_Nested",
        'Inside a try of a visible call: "allow" retries, or try "once", since that call tries again anyway. A call is visible if it has `max_time`, `timeout`, a guard or `nested`, and otherwise from its first retry on.',
    ),
    "budget": Option(
        None,
        _checks.guard("Budget"),
        "_Budget",
        "Pays for retries, shared with other calls: a `Budget`, or a function of the call's arguments that gives one. With too few tokens left, the call gives up.",
    ),
    "breaker": Option(
        None,
        _checks.guard("Breaker"),
        "_Breaker",
        "Decides whether to call at all: a `Breaker`, or a function of the call's arguments that gives one. Where it is open, the call raises a `CircuitOpenError` before its first try, and gives up after a later one.",
    ),
    "counts": Option(
        None,
        _checks.function("a function of the outcome, or None for the default"),
        "Callable[[Any], bool | None] | None",
        "Function that takes the error or value of a try and returns whether it is a failure of the target, for the breaker: True, False, or None for neither. None: what is retried is a failure, and what `giveup` gives up on is none.",
    ),
    "timeout": Option(
        None,
        _checks.timeout,
        "Seconds | None",
        "Most seconds that a try of a coroutine function may take. One that takes longer is cancelled and has raised a `TimeoutError`, which is retried if `exception` names it. No try goes on past the enclosing deadlines. None: no limit.",
    ),
    "jitter": Option(
        full_jitter,
        _checks.function(
            "a function of the wait, or None for no jitter", counts=(1, 0), awaited=True
        ),
        "_Jitter",
        "Function that takes a wait and returns the jittered wait. None: no jitter.",
        "`full_jitter`",
    ),
    "giveup": Option(
        never,
        _checks.condition("a function of the error", awaited=True, more=True),
        "_Giveup",
        "Function that takes the error and returns whether to give up; it is asked after the last try, too. A function of more parameters takes the call's arguments as well.",
        "never",
    ),
    "hint": Option(
        None,
        _checks.function("a function of the outcome, or None for no hints"),
        "_Hint",
        "Function that takes the error or value and returns the seconds that it asks to wait, or None. The wait is at least that. A negative hint means now. A hint past `max_time`, or minus infinity (a server's order to stop), gives up.",
    ),
    "hint_ceiling": Option(
        300,
        _checks.limit,
        "Seconds | None",
        "The longest hint that is obeyed, in seconds. None: no limit.",
    ),
    "hint_above": Option(
        "give_up",
        _checks.one_of("give_up", "cap"),
        "_HintAbove",
        'A longer hint leads to "give_up", or "cap" and wait `hint_ceiling` seconds.',
    ),
    "hint_spread": Option(
        None,
        _checks.share,
        "float | None",
        "How far above a hint the wait may be, so that clients which were turned away together do not come back together: a share of the hint, from 0 to 1. None: a tenth, or nothing without a jitter.",
    ),
    "on_try": Option(
        None,
        _checks.handlers,
        _HANDLERS,
        "Called with the details before each try: a function, or several.",
    ),
    "on_success": Option(
        None,
        _checks.handlers,
        _HANDLERS,
        "Called with the details after a success.",
    ),
    "on_backoff": Option(
        None,
        _checks.handlers,
        _HANDLERS,
        "Called with the details before a wait.",
    ),
    "on_giveup": Option(
        None,
        _checks.handlers,
        _HANDLERS,
        "Called with the details, `reason` among them, when there will be no more tries, or, with `tries` 0, when a breaker rejects the call.",
    ),
    "policy_for": Option(
        None,
        _checks.policies,
        "_PolicyFor",
        "Policies by error: a dict of exception classes, the first match of which gives waits, jitter and limits after such an error. The other options hold for other errors.",
    ),
    "groups": Option(
        False,
        _checks.flag,
        "bool",
        "Retry an `ExceptionGroup` as well, if all errors in it match `exception`.",
    ),
    "reset_after": Option(
        None,
        _checks.timeout,
        "Seconds | None",
        "After a failed try that lasted at least so many seconds, waits, tries and elapsed begin anew: for connection loops. None: never.",
    ),
    "cancelled_by": Option(
        None,
        _checks.signal,
        "_Signal",
        'An event, or another object with `wait(timeout)`, that ends a wait at once. The call then gives up with the reason "cancelled".',
    ),
    "name": Option(
        None,
        _checks.word,
        "str | None",
        "The name of the call in log records and metrics. None: the target's name.",
    ),
    "raise_on_giveup": Option(
        True,
        _checks.flag,
        "bool",
        "Raise the last error on giving up. False: return None.",
    ),
    "logger": Option(
        LOGGER_NAME,
        _checks.logger,
        "_AnyLoggerOrName | None",
        "The logger for the default records, or its name. None: no records.",
    ),
    "backoff_log_level": Option(
        20,
        _checks.level,
        "int",
        "The level of the record of each wait.",
    ),
    "giveup_log_level": Option(
        40,
        _checks.level,
        "int",
        "The level of the record of giving up.",
    ),
}

_CONDITIONS = {"giveup", "raise_on_giveup", "policy_for", "groups"}
# the options that each decorator has
NAMES = {
    "on_exception": tuple(OPTIONS),
    "on_predicate": tuple(name for name in OPTIONS if name not in _CONDITIONS),
    "retry_context": tuple(name for name in OPTIONS if name != "timeout"),
    "aretry_context": tuple(name for name in OPTIONS if name != "timeout"),
}
