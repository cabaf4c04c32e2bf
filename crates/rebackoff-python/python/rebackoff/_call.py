"""One call of a decorated function: the steps between its tries, which a blocking and an async driver perform."""

from __future__ import annotations

from rebackoff import _common, _instrumented, _log, _scope, _switches
from rebackoff._callables import is_awaitable, is_cancellation, takes
from rebackoff._clock import clock
from rebackoff._jitter import uniform
from rebackoff._native import Engine, Scope
from rebackoff._seconds import LONGEST_SLEEP, number, plain

_next_wait = _common._next_wait
_ENDED = object()
_ASK = object()


class Call:
    """One call, from its first try to its last.

    `begin`, `settle` and `succeed` are generators of steps. A step is a wait for a blocking driver
    to sleep, or anything for an async driver to await, which puts the result into `answer`.
    Afterwards `again` says whether there is another try, and `is_silent` whether the call returns
    None in place of the error.
    """

    awaits = False
    # the namespace where programs patch `_next_wait`
    names = {"_next_wait": _next_wait}

    again = True
    is_silent = has_looked = False
    tries = 1
    last_elapsed = 0
    answer = engine = waits = guarding = amplification = None

    def __init__(self, options, target, args, kwargs, start=None, outer=None, scope=None):
        self.options = options
        self.target = target
        self.args = args
        self.kwargs = kwargs
        self.start = start
        self.outer = outer
        self.scope = scope

    def pause(self, wait):
        """The step that waits so many seconds."""
        return wait

    # Before a try

    def begin(self):
        """The steps before a try. The first reads what is read on each call, and asks the guards."""
        options = self.options
        if self.tries == 1:
            if self.start is None and (options.is_timed or _instrumented.exporters):
                self.start = clock()
            if options.is_asked:
                self._prepare()
            if options.is_guarded:
                yield from self._start_guards()
        if options.on_try or _instrumented.exporters:
            yield from self._notify("on_try", self._details(self.last_elapsed))
        if self.target is not None:
            self.enter()

    def _prepare(self):
        self.engine = Engine(self.options.limits())
        self.waits = self.options.waits()

    def _start_guards(self):
        self.guarding = self.options.guarding(self.args, self.kwargs)
        rejection = self.guarding.handle_start()
        if rejection is None:
            return
        self.tries = 0
        if not _switches.is_disabled:
            details = self._details(self._elapsed())
            details["exception"] = rejection
            yield from self._give_up(details, "breaker")
        raise rejection

    def enter(self):
        """Makes the call visible to the calls inside its target, where it is to be."""
        if self.guarding is not None:
            self.guarding.handle_try()
        if self.options.is_visible or self.tries > 1 or _instrumented.exporters:
            self.outer = outer = _scope.variable.get()
            if self.scope is None:
                options = self.options
                max_time = options.max_time if self.engine is None else self.engine.max_time
                self.scope = Scope(outer, float(self.start or 0), max_time, self.tries)
            else:
                self.scope.handle_try(self.tries)
            _scope.variable.set(self.scope)

    def leave(self):
        """Makes the enclosing call visible again."""
        if self.scope is not None and _scope.variable.get() is self.scope:
            _scope.variable.set(self.outer)

    def end(self):
        """Ends the call. A try that was not settled is neutral for the guards."""
        self.leave()
        if self.scope is not None:
            self.scope.end()
        self.abandon()

    # After a try

    def settle(self, outcome, answer=_ASK):
        """The steps after a try that raised, or returned a value for the predicate."""
        self.leave()
        options = self.options
        self.again = self.is_silent = False
        elapsed = self._elapsed()
        if _switches.is_disabled or (
            options.narrow is not None and is_cancellation(outcome, options.narrow)
        ):
            self.abandon()
            return
        condition = options.condition
        if condition is not None:
            if answer is _ASK:
                answer = condition(outcome)
            if self.awaits and is_awaitable(answer):
                yield answer
                answer = self.answer
            if not answer and options.by_predicate:
                yield from self._accept(outcome, elapsed)
                return
        gives_up = condition is not None and not options.by_predicate and bool(answer)
        decided = self._verdict(outcome, gives_up, elapsed)
        if decided is None:
            wait = self._wait(outcome, elapsed)
            if self.awaits and is_awaitable(wait):
                yield wait
                wait = self.answer
            decided = self._decide(outcome, wait)
        if type(decided) is str:
            yield from self._give_up(self._details(elapsed, outcome), decided)
            return
        wait = decided
        logger = options.logger
        if logger is not None:
            logger = _log.audible(logger, options.backoff_log_level)
        if logger is not None or options.on_backoff or _instrumented.exporters:
            details = self._amplified(self._details(elapsed, outcome, wait))
            if logger is not None:
                _log.backoff(details, logger, options.backoff_log_level)
            yield from self._notify("on_backoff", details)
        if not _switches.skip(wait):
            yield self.pause(wait)
        if self.guarding is not None and not self.guarding.handle_resume():
            yield from self._give_up(self._details(elapsed, outcome), "breaker")
            return
        self.tries += 1
        self.again = True

    def succeed(self, value):
        """The steps after a try that succeeded."""
        self.leave()
        self.again = False
        return self._accept(value, None)

    def pass_(self):
        """Settles the success of a block, which may return from the function around it."""
        if self.guarding is not None:
            self.guarding.handle_success(None)

    def _accept(self, value, elapsed):
        if self.guarding is not None:
            self.guarding.handle_success(value)
        options = self.options
        if options.on_success or _instrumented.exporters:
            elapsed = self._elapsed() if elapsed is None else elapsed
            outcome = (value,) if options.by_predicate else ()
            yield from self._notify("on_success", self._details(elapsed, *outcome))

    def abandon(self):
        """A try that was not settled is neutral for the guards; a retry that was not made is paid back."""
        if self.guarding is not None:
            self.guarding.handle_abandoned()

    # The decisions, which are the engine's

    def _elapsed(self):
        start = self.start
        self.last_elapsed = elapsed = 0.0 if start is None else clock() - start
        return elapsed

    def _verdict(self, outcome, gives_up, elapsed):
        """The reason to give up, where it needs no wait."""
        if self.engine is None:
            self._prepare()
        if type(elapsed) is not float:
            elapsed = number(elapsed) or 0.0
        if not self.has_looked:
            self._look_around(elapsed)
        if self.guarding is not None:
            self.guarding.handle_failure(outcome, gives_up)
        hint = self.options.hint
        if hint is not None:
            hint = None if gives_up else _hinted(hint(outcome))
        return self.engine.handle_verdict(gives_up, hint, elapsed)

    def _look_around(self, elapsed):
        """Limits the call to what enclosing calls and deadlines leave."""
        self.has_looked = True
        outer = _scope.variable.get()
        if outer is None:
            return
        remaining, self.amplification = outer.remaining(float(clock())), outer.amplification()
        if remaining is not None and self.start is None:
            self.start = clock()
        self.engine.handle_enclosing(remaining, elapsed, self.amplification is not None)

    def _wait(self, outcome, elapsed):
        """The next wait after jitter; `_ENDED` where the strategy has ended."""
        jitter = self.options.jitter
        next_wait = self.names["_next_wait"]
        try:
            if next_wait is not _next_wait:
                return next_wait(self.waits, outcome, jitter, elapsed, self.engine.max_time)
            self.raw = wait = plain(self.waits.send(outcome))
            return wait if jitter is None else _jittered(jitter, wait)
        except StopIteration:
            return _ENDED

    def _decide(self, outcome, wait):
        """The wait that the engine makes of `wait`, or the reason to give up."""
        engine = self.engine
        if wait is _ENDED:
            return engine.handle_wait(None)
        wait = plain(wait)
        seconds = wait if type(wait) is float else number(wait)
        if seconds is None or not seconds >= 0:
            raise self._blame(wait, seconds)
        decided = engine.handle_wait(seconds, self._chance())
        if type(decided) is str:
            return decided
        if self.guarding is not None:
            reason = self.guarding.handle_retry(outcome, decided)
            if reason is not None:
                return reason
        # a hint raises the wait, `max_time` shortens it; otherwise it stays the number that it is
        if decided == seconds and decided <= LONGEST_SLEEP:
            return wait
        return min(decided, LONGEST_SLEEP)

    def _chance(self):
        """A draw from 0 to 1 where a hint is spread; what a patched `random` gives may be anything."""
        if self.options.hint is None or not self.engine.wants_draw():
            return 0.0
        return number(uniform(0.0, 1.0)) or 0.0

    def _blame(self, wait, seconds):
        """The error for what is no wait, with its source."""
        raw, jitter = self.__dict__.get("raw"), self.options.jitter
        is_raw_good = (number(raw) or 0.0) >= 0 and number(raw) is not None
        source = self.options.waits_name()
        if jitter is not None and is_raw_good:
            source = f"the jitter {jitter!r}"
        kind = TypeError if seconds is None else ValueError
        return kind(f"a wait must be a number of seconds, 0 or more, but {source} gave {wait!r}")

    # The events

    def _details(self, elapsed, outcome=_ASK, wait=None):
        details = {}
        if self.target is not None:
            timeout = self.options.timeout
            details["target"] = self.target if timeout is None else self.target.__wrapped__
            details["args"] = self.args
            details["kwargs"] = self.kwargs
        details["tries"] = self.tries
        details["elapsed"] = elapsed
        by_predicate = self.options.by_predicate
        if by_predicate and outcome is not _ASK:
            details["value"] = outcome
        if wait is not None:
            details["wait"] = wait
        if not by_predicate and outcome is not _ASK:
            details["exception"] = outcome
        return details

    def _amplified(self, details):
        if self.amplification is None:
            return details
        details = _common.more(details)
        details["amplification"] = min(self.amplification * self.tries, 2**64 - 1)
        return details

    def _give_up(self, details, reason):
        options = self.options
        # a retry context always raises when its waits run out, as python-backoff's does
        raises = options.raise_on_giveup or (self.target is None and reason == "exhausted")
        self.is_silent = not raises
        logger = options.logger
        if logger is not None:
            logger = _log.audible(logger, options.giveup_log_level)
        if logger is None and not options.on_giveup and not _instrumented.exporters:
            return
        details = _common.more(details)
        details["reason"] = reason
        details = self._amplified(details)
        if logger is not None:
            _log.giveup(details, logger, options.giveup_log_level)
        yield from self._notify("on_giveup", details)

    def _notify(self, event, details):
        for handler in getattr(self.options, event):
            answer = handler(details)
            if self.awaits and is_awaitable(answer):
                yield answer
        if _instrumented.exporters:
            _instrumented.export(event, details)


def _jittered(jitter, wait):
    try:
        return jitter(wait)
    except TypeError:
        if takes(jitter, 1) or not takes(jitter, 0):
            raise
    import warnings

    warnings.warn(
        "Nullary jitter function signature is deprecated. Use unary signature accepting a "
        "wait value in seconds and returning a jittered version of it.",
        category=DeprecationWarning,
        stacklevel=2,
    )
    return wait + jitter()


def _hinted(hint):
    """The hint as an exact float; a negative one is an order to stop."""
    if hint is None:
        return None
    seconds = number(plain(hint))
    if seconds is None or seconds != seconds:
        rule = "a number of seconds, a timedelta, or None for no hint"
        raise TypeError(f"hint must give {rule}, but it gave {hint!r}")
    return seconds
