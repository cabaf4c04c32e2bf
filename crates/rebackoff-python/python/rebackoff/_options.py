"""The options of the decorators: one table with the default, the check, the type and the meaning of each.

A mistake is an error where it was made, at decoration, not at the first failure. The stub
`_decorator.pyi` and the documentation of the decorators are made of this table.
"""

from __future__ import annotations

from types import FunctionType

from rebackoff import _checks, _common, _wait_gen
from rebackoff._callables import is_async, is_async_generator, name_of, refuses
from rebackoff._common import (
    LOGGER_NAME,
    _init_wait_gen,
    _maybe_call,
    _prepare_logger,
    without_base,
    without_exception,
)
from rebackoff._jitter import JITTERS, full_jitter
from rebackoff._mistakes import mistake, shown, suggestion
from rebackoff._native import Limits
from rebackoff._policy import Policy
from rebackoff._wait_gen import Waits

_TENTH = 0.1


def never(error):
    """The default of `giveup`."""
    return False


def _policies(name, value):
    """The options that each class of errors sets."""
    if value is None:
        return None
    rule = "a dict of exception classes and policies"
    if not isinstance(value, dict):
        raise mistake(TypeError, name, rule, value)
    for kind, policy in value.items():
        _checks.exceptions(name, kind)
        if not isinstance(policy, Policy):
            raise mistake(TypeError, name, rule, value, f", which has {shown(policy)}")
    return [(kind, Options("on_exception", kind, policy, {})) for kind, policy in value.items()]


_NOTHING = {}
# the strategies with their defaults, made once
_defaults = {}


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
        'Inside a try of another call that is retried: "allow" retries, or try "once", since the enclosing call tries again anyway.',
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
        _policies,
        "_PolicyFor",
        "Policies by error: a dict of exception classes, the first match of which gives waits, jitter and limits after such an error. Other errors go by the other options.",
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

_WAIT_GEN = (
    "a generator function like rebackoff.expo, or a configured one like rebackoff.expo(base=3)"
)
_PREDICATE = _checks.condition("a function of the value", awaited=True)
_CONDITIONS = {"giveup", "raise_on_giveup", "policy_for", "groups"}
_EVENTS = ("on_try", "on_success", "on_backoff", "on_giveup")
_ASYNC_OPTIONS = {"jitter", "giveup", "cancelled_by", *_EVENTS}

# the options that each decorator has
NAMES = {
    "on_exception": tuple(OPTIONS),
    "on_predicate": tuple(name for name in OPTIONS if name not in _CONDITIONS),
    "retry_context": tuple(name for name in OPTIONS if name != "timeout"),
    "aretry_context": tuple(name for name in OPTIONS if name != "timeout"),
}
_CHECKS = {
    decorator: {name: OPTIONS[name].check for name in names} for decorator, names in NAMES.items()
}
# the options by which a call does more than to retry
_PACING = {
    *("max_time", "nested", "budget", "breaker", "counts", "timeout", "giveup", "policy_for"),
    *("reset_after", *_EVENTS),
}


class Options:
    """The checked options of one decorator. Those that are not given are the class's attributes."""

    by_predicate = is_broad = False
    narrow = None
    # the classes that a group of errors may hold, where groups are retried
    leaves = None
    # whether `giveup` gets the arguments of the call as well
    is_told_arguments = False
    wait_keywords = None
    # what a call does before its first try: reads the clock; shows itself; everything there is
    is_timed = is_visible = is_eager = False
    is_asked = is_guarded = False
    # whether a handler is an exporter's, which needs further details
    is_exported = False
    # whether a success is more than to end that
    is_watched = False
    # the predicate, or `giveup` where it is more than its default
    condition = None
    # the rules of the guards, where these do not depend on the arguments
    rules = None

    def __init__(self, decorator, trigger, wait_gen, given):
        self.source = decorator, trigger, wait_gen, given or _NOTHING
        # what `limits` and `plain` have found
        self._limits = self._plain = None
        if isinstance(wait_gen, Policy):
            wait_gen, given = wait_gen.waits, {**wait_gen.options, **given}
        checks = _CHECKS[decorator]
        keywords = {}
        for name, value in given.items():
            if name in checks:
                setattr(self, name, checks[name](name, value))
            else:
                keywords[name] = value
        by_predicate = decorator == "on_predicate"
        if by_predicate:
            self.by_predicate = True
            self.trigger = _PREDICATE("predicate", trigger)
        else:
            self._set_exceptions(trigger, "groups" in given)
        self._set_waits(decorator, wait_gen, keywords)
        is_asked = type(self.wait_gen) is not Waits or callable(given.get("max_tries"))
        if by_predicate or is_asked or not _PACING.isdisjoint(given):
            self._set_pace(given)

    def with_options(self, options):
        """These options, with others in their place."""
        decorator, trigger, wait_gen, given = self._source()
        given = {**given, **options}
        trigger_name = "predicate" if self.by_predicate else "exception"
        trigger = given.pop(trigger_name, trigger)
        return Options(decorator, trigger, given.pop("wait_gen", wait_gen), given)

    def with_handlers(self, handlers):
        """These options, with one more handler of each event."""
        more = {event: (*getattr(self, event), handler) for event, handler in handlers.items()}
        return self.with_options(more)

    def _source(self):
        """The arguments that made these options; the handlers may have been given as an iterator, which has ended."""
        decorator, trigger, wait_gen, given = self.source
        handlers = {event: getattr(self, event) for event in _EVENTS if event in given}
        return decorator, trigger, wait_gen, {**given, **handlers}

    def __reduce__(self):
        return Options, self._source()

    def _set_exceptions(self, trigger, has_groups):
        checked = self.trigger = _checks.exceptions("exception", trigger)
        if hasattr(trigger, "admits"):
            # its classes may be imported later: each error is looked at when it comes
            self.trigger, self.narrow = Exception, trigger
        elif checked is Exception or checked is BaseException or isinstance(checked, tuple):
            self.narrow = without_base(checked)
            self.is_broad = self.narrow is None and without_exception(checked) is not None
        if has_groups and self.groups:
            self._set_groups()

    def _set_groups(self):
        from rebackoff._groups import group_class

        group = group_class()
        if group is not None:
            self.leaves = self.trigger
            # `except` takes no tuple in a tuple
            kinds = self.trigger if isinstance(self.trigger, tuple) else (self.trigger,)
            self.trigger = (*kinds, group)

    def _set_waits(self, decorator, wait_gen, keywords):
        if not keywords and type(wait_gen) is FunctionType and wait_gen in _defaults:
            self.wait_gen = _defaults[wait_gen]
            return
        if isinstance(wait_gen, Waits):
            if keywords:
                _refuse_unknown(decorator, wait_gen.parts()[0], keywords)
                raise TypeError(
                    f"{wait_gen!r} is configured already, but there are options for it as well: {', '.join(keywords)}"
                )
            self.wait_gen = wait_gen
            return
        if not callable(wait_gen) or is_async(wait_gen) or is_async_generator(wait_gen):
            raise mistake(TypeError, "wait_gen", _WAIT_GEN, wait_gen)
        _refuse_unknown(decorator, wait_gen, keywords)
        if wait_gen not in _wait_gen.STRATEGIES:
            self.wait_gen, self.wait_keywords = wait_gen, keywords
            return
        fixed = {name: value for name, value in keywords.items() if not _is_asked(value)}
        if len(fixed) == len(keywords):
            self.wait_gen = wait_gen(**keywords) if keywords else _default(wait_gen)
        else:
            if wait_gen is not _wait_gen.runtime:
                wait_gen(**fixed)  # a mistake in these is one for every call
            self.wait_gen, self.wait_keywords = wait_gen, keywords

    def _set_pace(self, given):
        if "logger" not in given and any(
            map(_replaces_records, (*self.on_backoff, *self.on_giveup))
        ):
            self.logger = None
        self.is_told_arguments = self.giveup is not never and (
            refuses(self.giveup, 1) or getattr(self.giveup, "takes_arguments", False) is True
        )
        self.is_asked = (
            self.wait_keywords is not None or callable(self.max_tries) or callable(self.max_time)
        )
        self.is_guarded = self.budget is not None or self.breaker is not None
        handlers = [one for event in _EVENTS for one in getattr(self, event)]
        has_handlers = bool(handlers)
        self.is_exported = any(getattr(one, "is_exporter", False) is True for one in handlers)
        if self.max_time is not None or has_handlers or self.policy_for or self.reset_after:
            self.is_timed = True
        if self.max_time is not None or self.timeout is not None or "nested" in given:
            self.is_visible = True
        if self.is_guarded:
            self.is_visible = True
            if not callable(self.budget) and not callable(self.breaker):
                guards = _checks.guards_module()
                self.rules = guards.Guarding(self.budget, self.breaker, self.counts)
            self.is_eager = self.rules is None or self.counts is not None or self.by_predicate
        if (
            self.is_asked
            or self.on_try
            or self.reset_after
            or (self.on_success and self.by_predicate)
        ):
            self.is_eager = True
        self.is_watched = bool(self.is_eager or self.is_guarded or self.on_success)
        if self.by_predicate:
            self.condition = self.trigger
        elif self.giveup is not never:
            self.condition = self.giveup

    def plain(self):
        """Jitter, logger, level and `is_broad` where nothing of the caller's is called between two tries; otherwise False."""
        if self._plain is None:
            is_plain = (
                self.condition is None
                and self.hint is None
                and self.narrow is None
                and not self.is_guarded
                and not self.on_backoff
                and not self.on_try
                and self.policy_for is None
                and self.leaves is None
                and self.reset_after is None
                and self.cancelled_by is None
                and (self.jitter is None or self.jitter in JITTERS)
                and self.wait_keywords is None
                and self.wait_gen.name != "runtime"
            )
            logger = self.logger
            if isinstance(logger, str):
                logger = _prepare_logger(logger)
            jitter = self.jitter or _as_it_is
            self._plain = is_plain and (jitter, logger, self.backoff_log_level, self.is_broad)
        return self._plain

    def raises(self, target, reason):
        """Returns whether giving up raises. A retry context always raises when its waits run out, as python-backoff's."""
        return self.raise_on_giveup or (target is None and reason == "exhausted")

    def limits(self, ask=_maybe_call, args=(), kwargs=None):
        """The limits of a call with these arguments; `ask` evaluates the options that may be functions."""
        is_patched = ask is not _maybe_call
        if self._limits is not None and not is_patched:
            return self._limits
        max_tries, max_time = self.max_tries, self.max_time
        if callable(max_tries) or is_patched:
            max_tries = _checks.max_tries("max_tries", _told(ask, max_tries, args, kwargs))
        if callable(max_time) or is_patched:
            max_time = _checks.max_time("max_time", _told(ask, max_time, args, kwargs))
        spread = self.hint_spread
        if spread is None:
            spread = _TENTH if self.jitter is not None or self._is_decorrelated() else 0.0
        limits = Limits(
            max_tries=max_tries,
            max_time=max_time,
            last_wait=self.last_wait,
            nested=self.nested,
            hint_ceiling=self.hint_ceiling,
            hint_above=self.hint_above,
            hint_spread=spread,
        )
        if not is_patched and max_tries is self.max_tries and max_time is self.max_time:
            self._limits = limits
        return limits

    def _is_decorrelated(self):
        return isinstance(self.wait_gen, Waits) and self.wait_gen.name == "decorrelated"

    def waits(self, init=_init_wait_gen):
        """The raw waits of a call that begins now: a generator that is ready to be sent outcomes."""
        waits = self.wait_gen
        is_configured = isinstance(waits, Waits)
        if init is not _init_wait_gen or _common._maybe_call is not _maybe_call:
            return init(*(waits.parts() if is_configured else (waits, self.wait_keywords)))
        if not is_configured:
            waits = waits(**{name: _asked(value) for name, value in self.wait_keywords.items()})
        if type(waits) is Waits:
            waits = waits.start()
        elif not hasattr(waits, "send"):
            raise mistake(
                TypeError, "wait_gen", _WAIT_GEN, self.wait_gen, f", which gave {shown(waits)}"
            )
        waits.send(None)
        return waits

    def waits_name(self):
        """The name of what gives the raw waits, for messages."""
        if isinstance(self.wait_gen, Waits):
            return f"{self.wait_gen.name}()"
        return f"{name_of(self.wait_gen)}()"

    def guarding(self, args, kwargs):
        """The rules of the guards of a call with these arguments."""
        if self.rules is not None:
            return self.rules
        guards = _checks.guards_module()
        budget, breaker = self.budget, self.breaker
        if callable(budget):
            budget = _checks.guard_of("budget", guards.Budget, budget, args, kwargs)
        if callable(breaker):
            breaker = _checks.guard_of("breaker", guards.Breaker, breaker, args, kwargs)
        return guards.Guarding(budget, breaker, self.counts)

    def rejection(self, retry_in):
        """The error of a call that the breaker rejects."""
        return _checks.guards_module().rejection(retry_in)

    def refuse_async(self, target):
        """Raises a TypeError where a function is async, but the target is not."""
        given = self.source[-1]
        if not self.by_predicate and _ASYNC_OPTIONS.isdisjoint(given):
            return
        functions = [(name, getattr(self, name)) for name in ("jitter", "giveup") if name in given]
        if self.by_predicate:
            functions.append(("predicate", self.trigger))
        if self.cancelled_by is not None:
            functions.append(("the wait of cancelled_by", self.cancelled_by.wait))
        functions += [(one, each) for one in _EVENTS if one in given for each in getattr(self, one)]
        for name, function in functions:
            if function is not None and is_async(function):
                what = "a retry_context" if target is None else f"{name_of(target)}()"
                raise TypeError(
                    f"{name} is async, but {what} is not, so nothing would await it: {function!r}"
                )


for _name, _option in OPTIONS.items():
    _value = _option.check(_name, _option.default)
    setattr(Options, _name, staticmethod(_value) if callable(_value) else _value)


def _as_it_is(wait):
    return wait


def _default(wait_gen):
    """The strategy with its defaults, made once."""
    if wait_gen not in _defaults:
        _defaults[wait_gen] = wait_gen()
    return _defaults[wait_gen]


def _asked(value):
    """Returns the value of a parameter of the waits now. A callable that takes arguments stands for itself."""
    return _maybe_call(value)


def _is_asked(value):
    return callable(value) and not refuses(value, 0)


def _replaces_records(handler):
    """Returns whether the handler logs, in place of the default records."""
    return getattr(handler, "replaces_records", False) is True


def _told(ask, value, args, kwargs):
    """The value of an option; a function with parameters gets the arguments of the call."""
    if args or kwargs:
        if callable(value) and refuses(value, 0):
            return value(*args, **kwargs)
    return ask(value)


def _refuse_unknown(decorator, wait_gen, keywords):
    if wait_gen in _wait_gen.STRATEGIES:
        code = wait_gen.__code__
        known = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        if set(keywords) <= set(known) and (wait_gen is not _wait_gen.runtime or keywords):
            return
    import inspect

    try:
        signature = inspect.signature(wait_gen)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(**keywords)
    except TypeError as error:
        message = f"{name_of(wait_gen)}() cannot be called with the options it is given: {error}"
        for name in keywords:
            if name not in signature.parameters:
                message = f"there is no option {name!r}{suggestion(name, [*NAMES[decorator], *signature.parameters])}"
                break
        raise TypeError(message) from None
