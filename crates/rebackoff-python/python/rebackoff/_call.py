"""One call of a decorated function: the steps between its tries, which a blocking and an async driver perform."""

from __future__ import annotations

from rebackoff import _common, _events, _instrumented, _log, _running, _scope
from rebackoff._callables import is_awaitable, is_cancellation, is_control_flow
from rebackoff._clock import clock
from rebackoff._configured_waits import started
from rebackoff._events import NO_OUTCOME
from rebackoff._scope import OUTER, START, TRIES
from rebackoff._seconds import number
from rebackoff._switches import switches
from rebackoff._waiting import ENDED, fitted, hinted, next_wait

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

    # an attribute that shadows one of the class costs more to read than all of these to set
    __slots__ = (
        "again",
        "amplification",
        "answer",
        "args",
        "decided",
        "earlier_tries",
        "enclosing",
        "engine",
        "failure",
        "guards",
        "is_entered",
        "is_silent",
        "kwargs",
        "known",
        "last_elapsed",
        "next_wait",
        "options",
        "policy",
        "policy_waits",
        "raw",
        "ready",
        "rules",
        "scope",
        "start",
        "target",
        "tries",
        "try_start",
        "waits",
    )

    def of(self, options, target, args, kwargs, start=None, scope=None, guards=None):
        """This call, set up. (A class whose `__init__` is Python costs a quarter more to call.)"""
        self.options, self.target, self.args, self.kwargs = options, target, args, kwargs
        self.start, self.scope, self.guards = start, scope, guards
        self.tries, self.last_elapsed = 1, 0
        self.is_entered = scope is not None
        self.engine = self.ready = self.decided = self.amplification = self.policy = None
        if guards is not None:
            self.rules = options.rules
        return self

    def pause(self, wait):
        """The step that waits so many seconds."""
        return wait

    # Before a try

    def begin(self):
        """The steps before a try. The first reads what is read on each call, and asks the guards."""
        options = self.options
        try:
            if self.tries == 1:
                self.earlier_tries = 0
                if self.start is None and (options.is_timed or switches.is_instrumented):
                    self.start = clock()
                if options.is_dynamic:
                    self._prepare()
                if options.is_guarded:
                    self.rules = options.guarding(self.args, self.kwargs)
                    guards = self.rules.start()
                    if type(guards) is float:
                        return self.reject(guards)
                    self.guards = guards
            if options.reset_after is not None:
                self.try_start = clock()
            if options.on_try or "on_try" in _instrumented.exporters:
                steps = _events.notify(self, "on_try", _events.details(self, self.last_elapsed))
                if self.awaits:
                    return self._enter_after(steps)
            if self.target is not None:
                self.enter()
        except BaseException as error:
            raise error.with_traceback(_beyond(error.__traceback__))
        return ()

    def _prepare(self):
        options = self.options
        fixed = options.fixed
        if fixed is None:
            fixed = options.find_fixed()
        if fixed and not switches.is_patched:
            limits, self.known = fixed
            self.waits = None
        else:
            names = self.names
            limits = options.limits(names["_maybe_call"], self.args, self.kwargs)
            self.waits = started(options, names["_init_wait_gen"])
        self.engine = limits.begin()
        return self.engine

    def raw_waits(self):
        """The generator of raw waits, whose next is the wait after this try."""
        if self.waits is None:
            self.waits = self.options.wait_gen.start()
            for _ in range(self.tries):
                self.waits.send(None)
        return self.waits

    def reject(self, retry_in):
        """The steps where the breaker rejects the call, which end with the error."""
        rejection = self.options.rejection(retry_in)
        self.tries = 0
        try:
            if not switches.is_disabled:
                details = _events.details(self, self._elapsed())
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
        if self.guards is not None:
            self.guards.handle_try()
        if not self.is_entered and (
            self.tries > 1 or self.options.is_visible or switches.is_instrumented
        ):
            self._show()

    def _show(self):
        if self.scope is None:
            limits = self.options if self.engine is None else self.engine
            self.scope = [None, self.start, limits.max_time, self.tries]
            _scope.enter(self.scope)
        else:
            self.scope[TRIES] = self.tries
            _scope.put(self.scope)
        self.is_entered = True

    def leave(self):
        """Makes the enclosing call visible again."""
        if self.is_entered:
            self.is_entered = False
            if _scope.innermost() is self.scope:
                _scope.put(_scope.enclosing(self.scope))

    def end(self):
        """Ends the call: it is visible no more, and a try that was not settled is neutral for the guards."""
        self.waits = self.policy_waits = None
        if self.scope is not None:
            self.scope[TRIES] = None
        if self.guards is not None:
            self.guards.handle_abandoned()

    def abandon(self):
        """A try that was not settled is neutral for the guards; a retry that was not made is paid back."""
        if self.guards is not None:
            self.guards.handle_abandoned()

    # After a try

    def retry_in(self, error):
        """The wait before another try, where nothing of the caller's is called until then; otherwise None.

        The call stays visible then. After None, `settle` gives the steps.
        """
        plain = self.options.plain
        if plain is None:
            plain = self.options.find_plain()
        if not plain or switches.is_on:
            return None
        jitter, logger, level, is_broad = plain
        if is_broad and is_control_flow(error, ()):
            return None
        elapsed = exact = 0.0
        start = self.start
        if start is not None:
            elapsed = clock() - start
            exact = elapsed if type(elapsed) is float else number(elapsed) or 0.0
        engine = self.ready
        if engine is None:
            if self.scope is None and self.target is not None:
                self.scope = [None, start, None, 1]
                _scope.enter(self.scope)
                self.is_entered = True
            engine = self._look_around(exact)
        decided = engine.handle_verdict(exact)
        if decided is None:
            tries, waits = self.tries, self.waits
            if waits is None and tries > len(self.known):
                waits = self.raw_waits()
            try:
                jittered = jitter(self.known[tries - 1] if waits is None else waits.send(error))
            except StopIteration:
                jittered = ENDED
            wait = engine.handle_exact_wait(jittered)
            if wait is not None and (logger is None or _log.audible(logger, level) is None):
                self.tries = tries = tries + 1
                if self.is_entered:
                    self.scope[TRIES] = tries
                # a call stays in its thread, so that its first wait is enough
                if tries == 2 and not self.awaits:
                    _running.report(self.target, wait)
                return wait
            self.raw = None
            decided = fitted(self, jittered) if wait is None else wait
        self.decided = elapsed, decided
        return None

    def settle(self, outcome, answer=_ASK):
        """The steps after a try that raised, or returned a value for the predicate."""
        self.again = self.is_silent = False
        self.failure = None
        decided = self.decided
        if decided is None:
            start = self.start
            return self._steps(outcome, answer, 0.0 if start is None else clock() - start)
        self.decided = None
        elapsed, decided = decided
        if type(decided) is not str:
            return self._settled(self._back_off, outcome, decided, elapsed)
        if self.options.is_quiet:
            return ()
        return self._settled(self._give_up, _events.details(self, elapsed, outcome), decided)

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
            self.last_elapsed = elapsed
            options = self.options
            if switches.is_disabled or self._is_passed_on(outcome):
                self.abandon()
                return
            if options.reset_after is not None and clock() - self.try_start >= options.reset_after:
                elapsed = self._reset()
            condition = options.condition
            if condition is not None:
                if answer is _ASK and options.giveup_takes_arguments:
                    answer = condition(outcome, *self.args, **self.kwargs)
                elif answer is _ASK:
                    answer = condition(outcome)
                if self.awaits and is_awaitable(answer):
                    yield answer
                    answer = self.answer
                if options.by_predicate and not answer:
                    yield from self._accept(outcome, elapsed)
                    return
            gives_up = condition is not None and not options.by_predicate and bool(answer)
            decided = self._verdict(outcome, gives_up, elapsed)
            if decided is None:
                wait = next_wait(self, outcome, elapsed)
                if self.awaits and is_awaitable(wait):
                    yield wait
                    wait = self.answer
                decided = fitted(self, wait)
            if type(decided) is not str and self.guards is not None:
                decided = self.rules.handle_retry(self.guards, outcome, float(decided)) or decided
            if type(decided) is str:
                yield from self._give_up(_events.details(self, elapsed, outcome), decided)
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
        leaves = options.leaves
        if leaves is None:
            return self._ends_all(error)
        from rebackoff._groups import leaves as leaves_of

        return any(not isinstance(one, leaves) or self._ends_all(one) for one in leaves_of(error))

    def _ends_all(self, error):
        options = self.options
        if options.narrow is not None and is_cancellation(error, options.narrow):
            return True
        return options.is_broad and is_control_flow(
            error, _common.without_exception(options.trigger)
        )

    def _reset(self):
        """Begins anew: the failed try is the first, and the time starts at its end."""
        self.earlier_tries += self.tries - 1
        self.tries = 1
        self.start = clock()
        if self.scope is not None:
            self.scope[START] = self.start
        self.ready = self.policy = None
        self._prepare()
        return 0.0

    def _choose_policy(self, error):
        """Lets the policy of this kind of error set waits, jitter and limits."""
        found = (one for kind, one in self.options.policy_for if isinstance(error, kind))
        policy = next(found, self.options)
        if self.policy is None:
            self.policy, self.policy_waits = self.options, {self.options: self.raw_waits()}
        if policy is self.policy:
            return
        self.policy = policy
        if policy not in self.policy_waits:
            init = self.names["_init_wait_gen"]
            self.policy_waits[policy] = started(policy, init)
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
            yield from _events.back_off(self, outcome, wait, elapsed)
        except GeneratorExit:
            raise
        except BaseException as error:
            self._fail(error)
            return
        self.next_wait = wait
        signal = self.options.cancelled_by
        if signal is not None:
            yield from self._wait_or_cancel(signal, wait)
            if self.answer:
                yield from self._give_up(_events.details(self, elapsed, outcome), "cancelled")
                return
        elif not switches.skip(wait):
            if not self.awaits:
                _running.report(self.target, wait)
            yield self.pause(wait)
        if self.guards is not None and not self.rules.handle_resume(self.guards):
            yield from self._give_up(_events.details(self, self._elapsed(), outcome), "breaker")
            return
        self.tries += 1
        self.again = True

    def _wait_or_cancel(self, signal, wait):
        """Waits until the signal; `answer` says whether it came."""
        seconds = 0.0 if switches.skip(wait) else float(wait)
        if self.awaits:
            yield self.pause_until(signal, seconds)
        else:
            self.answer = signal.wait(seconds)

    def succeed(self, value):
        """The steps after a try that succeeded."""
        self.again = False
        if self.guards is None and not self.options.on_success and not switches.is_instrumented:
            return ()
        self.leave()
        try:
            return self._accept(value, None)
        except BaseException as error:
            raise error.with_traceback(_beyond(error.__traceback__))

    def handle_success(self, value):
        """Settles a success for the guards, once: a block reports it twice, or once where it returns."""
        if self.guards is not None:
            self.rules.handle_success(self.guards, value)
            self.guards = None

    def _accept(self, value, elapsed):
        options = self.options
        self.handle_success(value)
        if not options.on_success and not _events.is_watched(self):
            return ()
        elapsed = self._elapsed() if elapsed is None else elapsed
        outcome = value if options.by_predicate else NO_OUTCOME
        return _events.notify(self, "on_success", _events.details(self, elapsed, outcome))

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
        engine = self.ready or self._look_around(elapsed)
        if self.options.policy_for is not None:
            self._choose_policy(outcome)
        if self.guards is not None:
            self.rules.handle_failure(self.guards, outcome, gives_up)
        hint = self.options.hint
        if hint is not None:
            hint = None if gives_up else hinted(hint(outcome))
        return engine.handle_verdict(elapsed, gives_up, hint)

    def _look_around(self, elapsed):
        """The engine, once it knows what enclosing calls and deadlines leave."""
        self.ready = engine = self.engine or self._prepare()
        self.enclosing = None
        scope = self.scope
        outer = _scope.innermost() if scope is None else scope[OUTER] and _scope.enclosing(scope)
        if outer is not None:
            remaining = _scope.remaining_in(outer, float(clock()))
            self.amplification = _scope.amplification(outer)
            if remaining is not None and self.start is None:
                self.start = clock()
            self.enclosing = remaining, elapsed, self.amplification is not None
            engine.handle_enclosing(*self.enclosing)
        return engine

    def _give_up(self, details, reason):
        self.leave()
        self.is_silent = not self.options.raises(self.target, reason)
        self.next_wait = None
        return _events.give_up(self, details, reason)


def end(call, scope, guards=None):
    """Ends a call that raises: its `Call`, or what it has before its first failure."""
    if call is not None:
        scope, guards = call.scope, call.guards
        # a generator that keeps an error in its frame would be a reference cycle
        call.waits = call.policy_waits = None
    if scope is not None:
        scope[TRIES] = None
    # a signal may raise where the breaker has just rejected the call, and gave a number
    if guards is not None and type(guards) is not float:
        guards.handle_abandoned()


def _beyond(traceback):
    """The traceback from the first frame on that is not the package's: a reader sees one of the steps at most."""
    while traceback is not None and traceback.tb_frame.f_globals.get("__package__") == "rebackoff":
        traceback = traceback.tb_next
    return traceback
