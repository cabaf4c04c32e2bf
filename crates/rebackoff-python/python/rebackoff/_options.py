"""The checked options of one decorator, and what they mean for its calls.

A mistake is an error where it was made, at decoration, not at the first failure.
"""

from __future__ import annotations

from rebackoff import _checks
from rebackoff._callables import is_async, is_one_of, name_of, refuses
from rebackoff._common import _maybe_call, _prepare_logger, without_base, without_exception
from rebackoff._configured_waits import configured
from rebackoff._jitter import JITTERS
from rebackoff._mistakes import shown
from rebackoff._native import Limits
from rebackoff._option_table import NAMES, OPTIONS, never
from rebackoff._policy import Policy
from rebackoff._wait_gen import Waits

_TENTH = 0.1
_NOTHING = {}
_PREDICATE = _checks.condition("a function of the value", awaited=True)
_EVENTS = ("on_try", "on_success", "on_backoff", "on_giveup")
_ASYNC_OPTIONS = {"jitter", "giveup", "cancelled_by", *_EVENTS}
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
    giveup_takes_arguments = False
    # what a call does before its first try: reads the clock; shows itself; everything there is
    is_timed = is_visible = is_eager = False
    # whether each call evaluates an option that is a function; whether there is a budget or a breaker
    is_dynamic = is_guarded = False
    # whether a handler is an exporter's, which needs further details
    is_exported = False
    # whether a success is more than to end that
    is_watched = False
    # whether giving up is only to raise; `find_plain` finds it
    is_quiet = False
    # the predicate, or `giveup` where it is more than its default
    condition = None
    # the rules of the guards, where these do not depend on the arguments
    rules = None
    # the target whose success was exported last, and its label
    labelled = None, ""

    def __init__(self, decorator, trigger, wait_gen, given):
        self.source = decorator, trigger, wait_gen, given or _NOTHING
        # what `limits`, `find_plain` and `find_fixed` find at the first failure
        self._limits = self.plain = self.fixed = None
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
        self.wait_gen, self.wait_keywords = configured(decorator, wait_gen, keywords)
        is_dynamic = type(self.wait_gen) is not Waits or callable(given.get("max_tries"))
        if by_predicate or is_dynamic or not _PACING.isdisjoint(given):
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

    def _set_pace(self, given):
        if "logger" not in given and any(
            map(_replaces_records, (*self.on_backoff, *self.on_giveup))
        ):
            self.logger = None
        self.giveup_takes_arguments = self.giveup is not never and (
            refuses(self.giveup, 1) or getattr(self.giveup, "takes_arguments", False) is True
        )
        self.is_dynamic = (
            self.wait_keywords is not None or callable(self.max_tries) or callable(self.max_time)
        )
        self.is_guarded = self.budget is not None or self.breaker is not None
        if self.policy_for is not None:
            self.policy_for = [
                (kind, Options("on_exception", kind, policy, _NOTHING))
                for kind, policy in self.policy_for.items()
            ]
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
        has_more = self.by_predicate or self.is_exported or self.name is not None
        if self.is_dynamic or self.on_try or self.reset_after or (self.on_success and has_more):
            self.is_eager = True
        self.is_watched = bool(self.is_eager or self.is_guarded or self.on_success)
        if self.by_predicate:
            self.condition = self.trigger
        elif self.giveup is not never:
            self.condition = self.giveup

    def find_plain(self):
        """Jitter, logger, level and `is_broad` where nothing of the caller's is called between two tries; otherwise False."""
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
            and (self.jitter is None or is_one_of(self.jitter, JITTERS))
            and self.wait_keywords is None
            and self.wait_gen.name != "runtime"
        )
        logger = self.logger
        if isinstance(logger, str):
            logger = _prepare_logger(logger)
        jitter = self.jitter or _as_it_is
        self.is_quiet = logger is None and not self.on_giveup and self.raise_on_giveup
        self.plain = is_plain and (jitter, logger, self.backoff_log_level, self.is_broad)
        return self.plain

    def find_fixed(self):
        """The limits and the first raw waits where each call has the same limits and strategy; otherwise False."""
        self.fixed = not self.is_dynamic and (self.limits(), self.wait_gen.known())
        return self.fixed

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
            answer = _evaluated(ask, max_tries, args, kwargs)
            max_tries = _checks.max_tries("max_tries", answer, is_answer=True)
        if callable(max_time) or is_patched:
            answer = _evaluated(ask, max_time, args, kwargs)
            max_time = _checks.max_time("max_time", answer, is_answer=True)
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

    def waits_name(self):
        """The name of what gives the raw waits, for messages."""
        if isinstance(self.wait_gen, Waits):
            return f"{self.wait_gen.name}()"
        return f"{name_of(self.wait_gen)}()"

    def given_waits(self):
        """The function that gives the raw waits, and its keywords, as the decorator got them."""
        decorator, _, wait_gen, given = self.source
        if isinstance(wait_gen, (Waits, Policy)):
            return self.wait_gen.parts()
        checks = _CHECKS[decorator]
        return wait_gen, {name: value for name, value in given.items() if name not in checks}

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
                    f"{name} is async, but {what} is not, so nothing would await it: {shown(function)}"
                )


for _name, _option in OPTIONS.items():
    _value = _option.check(_name, _option.default)
    setattr(Options, _name, staticmethod(_value) if callable(_value) else _value)


def _as_it_is(wait):
    return wait


def _replaces_records(handler):
    """Returns whether the handler logs, in place of the default records."""
    return getattr(handler, "replaces_records", False) is True


def _evaluated(ask, value, args, kwargs):
    """The value of an option; a function with parameters gets the arguments of the call."""
    if args or kwargs:
        if callable(value) and refuses(value, 0):
            return value(*args, **kwargs)
    return ask(value)
