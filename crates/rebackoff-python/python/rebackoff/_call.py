"""One call of a decorated function: the steps between its tries, which a blocking and an async driver perform."""

from __future__ import annotations

from sys import modules

from rebackoff import _common, _instrumented, _log, _running, _scope, _switches
from rebackoff._callables import is_awaitable, is_cancellation, is_control_flow, takes
from rebackoff._clock import clock
from rebackoff._jitter import uniform
from rebackoff._native import Engine, Scope
from rebackoff._seconds import number, plain

_next_wait = _common._next_wait
_ENDED = object()
_ASK = object()


class Call:
    """One call, from its first try to its last.

    `begin`, `settle` and `succeed` return steps. A step is a wait for a blocking driver to sleep,
    or anything for an async driver to await, which puts the result into `answer`. Afterwards `again`
    says whether there is another try, and `is_silent` whether the call returns None in place of the
    error.
    """

    awaits = False
    # the namespace where programs patch private functions
    names = vars(_common)

    last_elapsed = 0
    answer = guarding = amplification = raw = failure = policy = policy_waits = next_wait = (
        enclosing
    ) = None

    def __init__(self, options, target, args, kwargs, start=None, outer=None, scope=None):
        self.options = options
        self.target = target
        self.args = args
        self.kwargs = kwargs
        self.start = start
        self.outer = outer
        self.scope = scope
        self.tries = 1
        self.engine = None
        self.again = self.is_silent = self.has_looked = False
        self.is_entered = scope is not None

    def pause(self, wait):
        """The step that waits so many seconds."""
        return wait

    # Before a try

    def begin(self):
        """The steps before a try. The first reads what is read on each call, and asks the guards."""
        options = self.options
        try:
            if self.tries == 1:
                if self.start is None and (options.is_timed or _instrumented.exporters):
                    self.start = clock()
                if options.is_asked:
                    self._prepare()
                if options.is_guarded:
                    self.guarding = options.guarding(self.args, self.kwargs)
                    rejection = self.guarding.handle_start()
                    if rejection is not None:
                        return self._reject(rejection)
            if options.reset_after is not None:
                self.try_start = clock()
            if options.on_try or _instrumented.exporters:
                steps = self._notify("on_try", self._details(self.last_elapsed))
                if self.awaits:
                    return self._enter_after(steps)
            if self.target is not None:
                self.enter()
        except BaseException as error:
            raise error.with_traceback(_beyond(error.__traceback__))
        return ()

    def _prepare(self):
        options = self.options
        limits = options.limits(self.names["_maybe_call"], self.args, self.kwargs)
        self.engine = Engine(limits, self.scope)
        self.waits = options.waits(self.names["_init_wait_gen"])

    def _reject(self, rejection):
        self.tries = 0
        try:
            if not _switches.is_disabled:
                details = self._details(self._elapsed())
                details["exception"] = rejection
                yield from self._give_up(details, "breaker")
        except BaseException as error:
            raise error.with_traceback(_beyond(error.__traceback__))
        raise rejection

    def _enter_after(self, steps):
        try:
            yield from steps
        except BaseException as error:
            raise error.with_traceback(_beyond(error.__traceback__))
        if self.target is not None:
            self.enter()

    def enter(self):
        """Makes the call visible to the calls inside its target, where it is to be."""
        if self.guarding is not None:
            self.guarding.handle_try()
        is_visible = self.options.is_visible or self.tries > 1 or _instrumented.exporters
        if is_visible and not self.is_entered:
            self._publish()

    def _publish(self):
        self.outer = outer = _scope.variable.get()
        if self.scope is None:
            start = None if self.start is None else float(self.start)
            if self.engine is None:
                self.scope = Scope(outer, start, self.options.max_time)
            else:
                self.scope = self.engine.scope(outer, start)
        _scope.variable.set(self.scope)
        self.is_entered = True

    def leave(self):
        """Makes the enclosing call visible again."""
        if self.is_entered:
            self.is_entered = False
            if _scope.variable.get() is self.scope:
                _scope.variable.set(self.outer)

    def end(self):
        """Ends the call. A try that was not settled is neutral for the guards."""
        self.leave()
        if self.scope is not None:
            self.scope.end()
        if self.guarding is not None:
            self.guarding.handle_abandoned()

    def abandon(self):
        """A try that was not settled is neutral for the guards; a retry that was not made is paid back."""
        if self.guarding is not None:
            self.guarding.handle_abandoned()

    # After a try

    def settle(self, outcome, answer=_ASK):
        """The steps after a try that raised, or returned a value for the predicate."""
        start = self.start
        elapsed = 0.0 if start is None else clock() - start
        self.again = False
        plain = self.options.plain
        if plain is None:
            plain = self.options.find_plain()
        if (
            not plain
            or _instrumented.exporters
            or _switches.is_on
            or self.names["_next_wait"] is not _next_wait
            or "_call_handlers" in self.names
            or "_dispatch_handlers" in self.names
            or (self.options.is_broad and is_control_flow(outcome, ()))
            or type(elapsed) is not float
        ):
            return self._steps(outcome, answer, elapsed)
        # nothing of the caller's is called between the tries: the call stays visible
        jitter, logger, level = plain
        engine = self.engine if self.has_looked else self._look_around(elapsed)
        decided = engine.handle_verdict(False, None, elapsed)
        if decided is None:
            try:
                wait = self.waits.send(outcome)
                if jitter is not None:
                    wait = jitter(wait)
            except StopIteration:
                wait = _ENDED
            is_exact = type(wait) is float and wait >= 0
            decided = engine.handle_wait(wait) if is_exact else self._fit(wait)
        if type(decided) is str:
            if logger is None and not self.options.on_giveup:
                self.is_silent = not self.options.raises(self.target, decided)
                return ()
            return self._settled(self._give_up, self._details(elapsed, outcome), decided)
        if logger is not None and _log.audible(logger, level) is not None:
            return self._settled(self._back_off, outcome, decided, elapsed)
        self.tries += 1
        self.again = True
        self.next_wait = decided
        if self.awaits:
            return (self.pause(decided),)
        if "_asyncio" in modules:
            _running.report(self.target, decided)
        return (decided,)

    def _fail(self, error):
        self.again = self.is_silent = False
        self.failure = error.with_traceback(_beyond(error.__traceback__))

    def take_failure(self):
        """The error of a handler or condition, which the driver raises: a generator could not raise each."""
        failure, self.failure = self.failure, None
        return failure

    def _steps(self, outcome, answer, elapsed):
        try:
            self.leave()
            self.is_silent = False
            self.last_elapsed = elapsed
            options = self.options
            if _switches.is_disabled or self._is_passed_on(outcome):
                self.abandon()
                return
            if options.reset_after is not None and clock() - self.try_start >= options.reset_after:
                elapsed = self._reset()
            condition = options.condition
            if condition is not None:
                if answer is _ASK and options.is_told_arguments:
                    answer = condition(outcome, *self.args, **self.kwargs)
                elif answer is _ASK:
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
                decided = self._fit(wait)
            if type(decided) is not str and self.guarding is not None:
                decided = self.guarding.handle_retry(outcome, float(decided)) or decided
            if type(decided) is str:
                yield from self._give_up(self._details(elapsed, outcome), decided)
            else:
                yield from self._back_off(outcome, decided, elapsed)
        except GeneratorExit:
            raise
        except BaseException as error:
            self._fail(error)

    def _is_passed_on(self, error):
        """Returns whether the error ends the program, the task or the job, or is a group with others in it."""
        options = self.options
        if options.by_predicate:
            return False
        if options.narrow is not None and is_cancellation(error, options.narrow):
            return True
        if options.is_broad and is_control_flow(error, _common.without_exception(options.trigger)):
            return True
        leaves = options.leaves
        return leaves is not None and not all(isinstance(one, leaves) for one in _leaves(error))

    def _reset(self):
        """Begins anew: the failed try is the first, and the time starts at its end."""
        self.tries = 1
        self.start = clock()
        self.has_looked = False
        self.policy = self.policy_waits = None
        self._prepare()
        return 0.0

    def _choose_policy(self, error):
        """Lets the policy of this kind of error set waits, jitter and limits."""
        found = (one for kind, one in self.options.policy_for if isinstance(error, kind))
        policy = next(found, self.options)
        if self.policy_waits is None:
            self.policy, self.policy_waits = self.options, {self.options: self.waits}
        if policy is self.policy:
            return
        self.policy = policy
        if policy not in self.policy_waits:
            self.policy_waits[policy] = policy.waits(self.names["_init_wait_gen"])
        self.waits = self.policy_waits[policy]
        self.engine.set_limits(policy.limits(self.names["_maybe_call"], self.args, self.kwargs))
        if self.enclosing is not None:
            self.engine.handle_enclosing(*self.enclosing)

    def _settled(self, steps, *decided):
        try:
            yield from steps(*decided)
        except GeneratorExit:
            raise
        except BaseException as error:
            self._fail(error)

    def _back_off(self, outcome, wait, elapsed):
        self.leave()
        try:
            options = self.options
            logger = self._logger(options.backoff_log_level)
            if logger is not None or options.on_backoff or self._is_watched():
                details = self._amplified(self._details(elapsed, outcome, wait))
                if logger is not None:
                    _log.backoff(details, logger, options.backoff_log_level)
                yield from self._notify("on_backoff", details)
        except GeneratorExit:
            raise
        except BaseException as error:
            self._fail(error)
            return
        self.next_wait = wait
        if options.cancelled_by is not None:
            yield from self._wait_or_cancel(options.cancelled_by, wait)
            if self.answer:
                yield from self._give_up(self._details(elapsed, outcome), "cancelled")
                return
        elif not _switches.skip(wait):
            if not self.awaits and "_asyncio" in modules:
                _running.report(self.target, wait)
            yield self.pause(wait)
        if self.guarding is not None and not self.guarding.handle_resume():
            yield from self._give_up(self._details(self._elapsed(), outcome), "breaker")
            return
        self.tries += 1
        self.again = True

    def _wait_or_cancel(self, signal, wait):
        """Waits until the signal; `answer` says whether it came."""
        seconds = 0.0 if _switches.skip(wait) else float(wait)
        if self.awaits:
            yield self.pause_until(signal, seconds)
        else:
            self.answer = signal.wait(seconds)

    def succeed(self, value):
        """The steps after a try that succeeded."""
        self.again = False
        if self.guarding is None and not self.options.on_success and not _instrumented.exporters:
            return ()
        self.leave()
        try:
            return self._accept(value, None)
        except BaseException as error:
            raise error.with_traceback(_beyond(error.__traceback__))

    def handle_success(self, value):
        """Settles the success of a block, which may return from the function around it."""
        if self.guarding is not None:
            self.guarding.handle_success(value)

    def _accept(self, value, elapsed):
        options = self.options
        if self.guarding is not None:
            self.guarding.handle_success(value)
        if not options.on_success and not self._is_watched():
            return ()
        elapsed = self._elapsed() if elapsed is None else elapsed
        outcome = value if options.by_predicate else _ASK
        return self._notify("on_success", self._details(elapsed, outcome))

    def read_elapsed(self):
        """The seconds since the first try began."""
        return 0.0 if self.start is None else clock() - self.start

    # The decisions, which are the engine's

    def _elapsed(self):
        start = self.start
        self.last_elapsed = elapsed = 0.0 if start is None else clock() - start
        return elapsed

    def _verdict(self, outcome, gives_up, elapsed):
        """The reason to give up, where it needs no wait."""
        if type(elapsed) is not float:
            elapsed = number(elapsed) or 0.0
        engine = self.engine if self.has_looked else self._look_around(elapsed)
        if self.options.policy_for is not None:
            self._choose_policy(outcome)
        if self.guarding is not None:
            self.guarding.handle_failure(outcome, gives_up)
        hint = self.options.hint
        if hint is not None:
            hint = None if gives_up else _hinted(hint(outcome))
        return engine.handle_verdict(gives_up, hint, elapsed)

    def _look_around(self, elapsed):
        """The engine, once it knows what enclosing calls and deadlines leave."""
        self.has_looked = True
        if self.engine is None:
            self._prepare()
        outer = _scope.variable.get()
        if outer is not None and outer is self.scope:
            outer = self.outer
        if outer is not None:
            remaining = outer.remaining(float(clock()))
            self.amplification = outer.amplification()
            if remaining is not None and self.start is None:
                self.start = clock()
            self.enclosing = remaining, elapsed, self.amplification is not None
            self.engine.handle_enclosing(*self.enclosing)
        return self.engine

    def _wait(self, outcome, elapsed):
        """The next wait after jitter; `_ENDED` where the strategy has ended."""
        jitter = None if _switches.has_no_jitter else (self.policy or self.options).jitter
        next_wait = self.names["_next_wait"]
        self.raw = None
        try:
            if next_wait is not _next_wait:
                return next_wait(self.waits, outcome, jitter, elapsed, self.engine.max_time)
            wait = self.waits.send(outcome)
            if type(wait) is not int and type(wait) is not float:
                wait = plain(wait)
            self.raw = wait
            if jitter is None:
                return wait
            try:
                return jitter(wait)
            except TypeError:
                if takes(jitter, 1) or not takes(jitter, 0):
                    raise
            return _add_nullary(jitter, wait)
        except StopIteration:
            return _ENDED

    def _fit(self, wait):
        """The wait that the engine makes of `wait`, or the reason to give up."""
        if wait is _ENDED:
            return self.engine.handle_wait(None)
        seconds = wait
        if type(wait) is not float:
            wait = plain(wait)
            seconds = number(wait)
        if seconds is None or not seconds >= 0:
            raise self._blame(wait, seconds)
        chance = 0.0 if self.options.hint is None else self._chance()
        decided = self.engine.handle_wait(seconds, chance)
        # a hint raises the wait, `max_time` shortens it; otherwise it stays the number that it is
        return wait if decided == seconds else decided

    def _chance(self):
        """A draw from 0 to 1 where a hint is spread; what a patched `random` gives may be anything."""
        if _switches.has_no_jitter or not self.engine.wants_draw():
            return 0.0
        return number(uniform(0.0, 1.0)) or 0.0

    def _blame(self, wait, seconds):
        """The error for what is no wait, with its source."""
        raw, jitter = number(self.raw), self.options.jitter
        source = self.options.waits_name()
        if jitter is not None and raw is not None and raw >= 0:
            source = f"the jitter {jitter!r}"
        kind = TypeError if seconds is None else ValueError
        return kind(f"a wait must be a number of seconds, 0 or more, but {source} gave {wait!r}")

    # The events

    def _details(self, elapsed, outcome=_ASK, wait=None):
        details = {"tries": self.tries, "elapsed": elapsed}
        if self.target is not None:
            timeout = self.options.timeout
            details = {
                "target": self.target if timeout is None else self.target.__wrapped__,
                "args": self.args,
                "kwargs": self.kwargs,
                **details,
            }
        by_predicate = self.options.by_predicate
        if by_predicate and outcome is not _ASK:
            details["value"] = outcome
        if wait is not None:
            details["wait"] = wait
        if not by_predicate and outcome is not _ASK:
            details["exception"] = outcome
        if self.options.name is not None:
            details = _common.more(details)
            details["name"] = self.options.name
        return details

    def _amplified(self, details):
        if self.amplification is None:
            return details
        details = _common.more(details)
        details["amplification"] = min(self.amplification * self.tries, 2**64 - 1)
        return details

    def _give_up(self, details, reason):
        self.leave()
        options = self.options
        self.is_silent = not options.raises(self.target, reason)
        logger = self._logger(options.giveup_log_level)
        if logger is None and not options.on_giveup and not self._is_watched():
            return ()
        details = _common.more(details)
        details["reason"] = reason
        self.next_wait = None
        details = self._amplified(details)
        if logger is not None:
            _log.giveup(details, logger, options.giveup_log_level)
        return self._notify("on_giveup", details)

    def _is_watched(self):
        """Returns whether every event counts, whatever handlers there are."""
        return bool(_instrumented.exporters) or self._is_patched()

    def _is_patched(self):
        """Returns whether a program has put its own function in the place of one that calls handlers."""
        return "_call_handlers" in self.names or "_dispatch_handlers" in self.names

    def _logger(self, level):
        """The logger of the default records; None where no handler would get a record of this level."""
        logger = self.options.logger
        if logger is None or _instrumented.replaces_records or self._is_patched():
            return None  # a patched private function gets the handler that logs
        return _log.audible(logger, level)

    def _exported(self, details):
        """The details with what exporters need besides."""
        most = self.options.max_tries
        if type(most) is int:
            details = _common.more(details)
            details["max_tries"] = most
        return details

    def _notify(self, event, details):
        """Calls the handlers; the steps are what is to be awaited."""
        handlers = getattr(self.options, event)
        if self._is_patched():
            from rebackoff._originals import notifier

            handlers = (notifier(self, event),)
        if self.awaits:
            return self._notify_and_await(handlers, event, details)
        for handler in handlers:
            handler(details)
        if _instrumented.exporters:
            _instrumented.export(event, self._exported(details))
        return ()

    def _notify_and_await(self, handlers, event, details):
        for handler in handlers:
            answer = handler(details)
            if is_awaitable(answer):
                yield answer
        if _instrumented.exporters:
            _instrumented.export(event, self._exported(details))


def _add_nullary(jitter, wait):
    """The jitter functions of backoff before 1.2 take no argument and give what to add."""
    import warnings

    warnings.warn(
        "Nullary jitter function signature is deprecated. Use unary signature accepting a "
        "wait value in seconds and returning a jittered version of it.",
        category=DeprecationWarning,
        stacklevel=2,
    )
    return wait + jitter()


def _hinted(hint):
    """The hint as an exact float; minus infinity is an order to stop."""
    if hint is None:
        return None
    seconds = number(plain(hint))
    if seconds is None or seconds != seconds:
        rule = "a number of seconds, a timedelta, or None for no hint"
        raise TypeError(f"hint must give {rule}, but it gave {hint!r}")
    return seconds


def _leaves(error):
    """The errors in a group, and those in its groups."""
    if not hasattr(error, "exceptions") or not hasattr(error, "derive"):
        yield error
        return
    for one in error.exceptions:
        yield from _leaves(one)


def _beyond(traceback):
    """The traceback from the first frame on that is not the package's: a reader sees one of the steps at most."""
    while traceback is not None and traceback.tb_frame.f_globals.get("__package__") == "rebackoff":
        traceback = traceback.tb_next
    return traceback
