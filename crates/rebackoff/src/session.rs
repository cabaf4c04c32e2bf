//! One call's state, which every driver shares: the engine, the draws, the clock.

use std::time::Duration;

use rebackoff_core::{
    Cost, Engine, Event, Health, LastWait, Limits, Policy, Reason, Seconds, Step, Verdict, Wait,
};

use crate::hooks::Hook;
use crate::random::CallDraws;
use crate::scope::{self, Scope};
use crate::{Attempt, Clock, Outcome};

// In this order: in its own, the compiler fills each async call in elsewhere and copies all of it,
// which nearly doubles the instructions of a success.
#[repr(C)]
pub(crate) struct Session<'p, C: Clock> {
    timed: Option<Timed<C::Instant>>,
    policy: &'p Policy,
    engine: Engine,
    draws: CallDraws,
    pub(crate) clock: C,
    reason: Option<Reason>,
    /// The last wait was not the call's own policy's, so its schedule is to be taken up again.
    strayed: bool,
    #[cfg(feature = "testing")]
    skipped: Duration,
    /// What this thread had skipped when the call began.
    #[cfg(feature = "testing")]
    skipped_before: Duration,
}

/// What a call knows of time that reads the clock when it begins.
struct Timed<I> {
    /// When the first try started.
    start: I,
    /// When `max_time` will be over, on the clock's timeline. A call that has given up has no use for
    /// that, and keeps here what the last outcome asked to wait: every future has room for one alone.
    deadline: Option<Duration>,
}

impl<'p, C: Clock> Session<'p, C> {
    #[inline]
    pub(crate) const fn new(policy: &'p Policy, clock: C, draws: CallDraws) -> Self {
        Self {
            policy,
            engine: Engine::new(),
            draws,
            clock,
            timed: None,
            reason: None,
            strayed: false,
            #[cfg(feature = "testing")]
            skipped: Duration::ZERO,
            #[cfg(feature = "testing")]
            skipped_before: Duration::ZERO,
        }
    }

    // Getters

    pub(crate) const fn policy(&self) -> &'p Policy {
        self.policy
    }

    #[inline]
    pub(crate) const fn tries(&self) -> u64 {
        self.engine.tries()
    }

    #[inline]
    pub(crate) const fn reason(&self) -> Option<Reason> {
        self.reason
    }

    /// The time since the first try started, where the clock was read then.
    #[inline]
    pub(crate) fn elapsed(&self) -> Option<Duration> {
        let elapsed = self.timed.as_ref().map(|timed| self.clock.elapsed(timed.start));
        #[cfg(feature = "testing")]
        let elapsed = elapsed.map(|elapsed| elapsed.saturating_add(self.skipped));
        elapsed
    }

    /// The time left, of this call or of one around it.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        self.remaining_inside(scope::remaining())
    }

    fn remaining_inside(&self, outer: Option<Duration>) -> Option<Duration> {
        let elapsed = self.elapsed().map_or(Seconds::ZERO, Seconds::from_duration);
        let limits = self.policy.limits().inside(outer.map(Seconds::from_duration), elapsed);
        limits.remaining(elapsed).map(Seconds::to_duration)
    }

    /// What a target may ask about the try that it is; `in_scope` is whether the scope of this call
    /// holds.
    pub(crate) fn attempt(&self, in_scope: bool) -> Attempt {
        let around = match Scope::current() {
            Some(own) if in_scope => own.remaining_around(),
            Some(outer) => outer.remaining(),
            None => None,
        };
        let around = around.map(Seconds::to_duration);
        let remaining = self.remaining_inside(around);
        let limit = match self.policy.limits().last_wait {
            LastWait::Stop => remaining,
            // `max_time` is looked at between tries, but nothing outlives what is around it.
            LastWait::Shorten => around,
        };
        Attempt { tries: self.tries(), remaining, limit }
    }

    /// Whether the calls inside this one are to see it: where it watches the time anyway.
    #[inline]
    pub(crate) fn is_seen(&self) -> bool {
        self.timed.is_some()
    }

    /// What the calls inside a try of this one see.
    #[cold]
    #[inline(never)]
    pub(crate) fn scope(&self) -> Scope {
        let own = Scope {
            deadline: self.timed.as_ref().and_then(|timed| timed.deadline),
            around: None,
            timeline: self.clock.timeline(),
            amplification: self.tries(),
            is_call: true,
        };
        #[cfg(feature = "testing")]
        let own = own.sooner_by(self.skipped);
        match scope::has_notes().then(Scope::current).flatten() {
            Some(outer) => own.inside(&outer),
            None => own,
        }
    }

    /// How the call went, now that it has ended with `result`.
    pub(crate) fn report<O>(&self, result: O) -> Outcome<O> {
        let elapsed = self.elapsed().unwrap_or_default();
        let hint = self.reason.and(self.timed.as_ref()).and_then(|timed| timed.deadline);
        Outcome { result, tries: self.tries(), elapsed, reason: self.reason, hint }
    }

    // Handlers

    /// The call begins; the clock is read if anything will ask how long it took. Such a call is
    /// seen by the calls inside it.
    #[inline]
    pub(crate) fn handle_start(&mut self, timed: bool) -> bool {
        #[cfg(feature = "testing")]
        {
            self.skipped_before = crate::testing::skipped();
        }
        let timed = timed || self.policy.limits().max_time.is_some();
        if timed {
            self.read_clock();
        }
        timed
    }

    /// The call's time begins now.
    #[inline]
    fn read_clock(&mut self) {
        let deadline = self.policy.limits().max_time.map(|max_time| {
            self.clock.timeline().measured().saturating_add(max_time.to_duration())
        });
        self.timed = Some(Timed { start: self.clock.now(), deadline });
    }

    /// From now on what the last outcome asked to wait is kept where the deadline was.
    #[inline]
    fn keep_hint(&mut self, hint: Option<Duration>) {
        if let Some(timed) = &mut self.timed {
            timed.deadline = hint;
        }
    }

    /// Asks the guards for the first try.
    ///
    /// # Errors
    ///
    /// It is not to be made; what the call gives in its place.
    #[inline]
    pub(crate) fn admit<O, H: Hook<O>>(&mut self, hooks: &mut H) -> Result<(), O> {
        if let Err(outcome) = hooks.admit(&self.clock) {
            let outcome = self.handle_rejection(outcome, hooks);
            scope::note_rejected(true);
            return Err(outcome);
        }
        hooks.start(&self.clock);
        Ok(())
    }

    /// Asks the guards for the next try, now that the wait is over.
    ///
    /// # Errors
    ///
    /// It is not to be made; the outcome of the try before the wait.
    #[inline]
    pub(crate) fn readmit<O, H: Hook<O>>(&mut self, hooks: &mut H) -> Result<(), O> {
        #[cfg(feature = "testing")]
        if !self.skipped.is_zero() {
            crate::testing::skip_to(self.skipped_before.saturating_add(self.skipped));
        }
        let admitted = hooks.readmit(&self.clock);
        match hooks.give_back() {
            Some(outcome) if !admitted => Err(self.handle_rejection(outcome, hooks)),
            _ => Ok(()),
        }
    }

    /// A breaker refused the next try, so that `outcome` is the call's.
    #[cold]
    #[inline(never)]
    fn handle_rejection<O, H: Hook<O>>(&mut self, outcome: O, hooks: &mut H) -> O {
        hooks.release();
        self.engine.handle_refusal(Reason::Breaker);
        self.keep_hint(None);
        let elapsed = self.elapsed();
        self.give_up(Reason::Breaker, elapsed, &outcome, None, hooks);
        outcome
    }

    /// A try begins.
    #[inline]
    pub(crate) fn handle_try<O, H: Hook<O>>(&self, hooks: &mut H) {
        if H::TIMED {
            let elapsed = match self.tries() {
                // A loop tells of it later.
                1 => Duration::ZERO,
                _ => self.elapsed().unwrap_or_default(),
            };
            hooks.tell(&Event::trying(self.tries(), elapsed).inside(amplification()));
        }
    }

    /// The verdict on the try that ended with `outcome`; success is told at once.
    #[inline]
    pub(crate) fn judge<O, H: Hook<O>>(&self, outcome: &O, hooks: &mut H) -> Verdict {
        let verdict = hooks.judge(outcome, Verdict::Accept);
        self.settle(outcome, verdict, hooks);
        if H::TIMED && verdict == Verdict::Accept {
            let elapsed = self.elapsed().unwrap_or_default();
            let event = Event::success(self.tries(), elapsed, outcome);
            hooks.tell(&event.inside(amplification()));
        }
        verdict
    }

    /// A try of a loop succeeded, which keeps what it gave.
    pub(crate) fn handle_passed<O, H: Hook<O>>(&self, hooks: &mut H) {
        hooks.settle(&self.clock, Verdict::Accept, None);
        if H::TIMED {
            let elapsed = self.elapsed().unwrap_or_default();
            hooks.tell(&Event::passed(self.tries(), elapsed).inside(amplification()));
        }
    }

    /// Tells the guards of the verdict on a try.
    #[inline]
    pub(crate) fn settle<O, H: Hook<O>>(&self, outcome: &O, verdict: Verdict, hooks: &mut H) {
        let rejected = verdict != Verdict::Accept && scope::is_rejected();
        let health = hooks
            .health(outcome)
            .or(rejected.then_some(Health::Neutral))
            .or_else(|| hooks.usual_health(outcome));
        hooks.settle(&self.clock, verdict, health);
    }

    /// A try that is not accepted: the wait before the next one, or `None` when the call gives up.
    /// `timed` is whether the call may have been [timed](Self::handle_start), `cost` what a retry
    /// costs unless a hook says otherwise.
    #[inline(always)]
    #[allow(
        clippy::inline_always,
        reason = "each driver has one failure path, kept apart as a whole"
    )]
    pub(crate) fn handle_failure<O, H: Hook<O>>(
        &mut self,
        timed: bool,
        outcome: &O,
        verdict: Verdict,
        cost: Cost,
        hooks: &mut H,
    ) -> Option<Seconds> {
        let chosen = if verdict.wants_retry() { hooks.policy(outcome) } else { None };
        let timed = timed || chosen.is_some();
        let elapsed = if timed { self.elapsed_for(chosen.as_ref()) } else { None };
        let step = if scope::has_notes() {
            self.decide_inside(outcome, verdict, cost, elapsed, chosen, hooks)
        } else {
            let narrow = |limits: &Limits| {
                if timed { *limits } else { Limits { max_time: None, ..*limits } }
            };
            let step = self.decide(outcome, verdict, elapsed, chosen, hooks, narrow);
            self.ask_to_retry(step, outcome, cost, hooks)
        };
        let hint = || verdict.hint().map(Seconds::to_duration);
        match step {
            Step::Accept => None,
            Step::Retry { wait } => {
                let tries = self.tries().wrapping_sub(1);
                if H::TIMED {
                    let elapsed = elapsed.unwrap_or_default();
                    let event = Event::backoff(tries, elapsed, wait.to_duration(), outcome);
                    hooks.tell(&event.hinted(hint()).inside(amplification()));
                }
                crate::trace::backoff(tries, elapsed, wait);
                Some(self.slept(wait))
            }
            Step::GiveUp { reason } => {
                self.keep_hint(hint());
                self.give_up(reason, elapsed, outcome, hint(), hooks);
                None
            }
        }
    }

    /// The step that `step` becomes once the guards were asked, last of all, so that nothing is
    /// spent on a refusal.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a part of `handle_failure`")]
    fn ask_to_retry<O, H: Hook<O>>(
        &mut self,
        step: Step,
        outcome: &O,
        cost: Cost,
        hooks: &mut H,
    ) -> Step {
        let Step::Retry { wait } = step else { return step };
        if !hooks.check(&self.clock, wait) {
            return self.engine.handle_refusal(Reason::Breaker);
        }
        let cost = hooks.cost(outcome).or_else(|| hooks.usual_cost(outcome)).unwrap_or(cost);
        if !hooks.pay(&self.clock, cost) {
            hooks.release();
            return self.engine.handle_refusal(Reason::Budget);
        }
        step
    }

    fn give_up<O, H: Hook<O>>(
        &mut self,
        reason: Reason,
        elapsed: Option<Duration>,
        outcome: &O,
        hint: Option<Duration>,
        hooks: &mut H,
    ) {
        self.reason = Some(reason);
        let tries = self.tries();
        if H::TIMED {
            let event = Event::giveup(tries, elapsed.unwrap_or_default(), reason, outcome);
            hooks.tell(&event.hinted(hint).inside(amplification()));
        }
        crate::trace::giveup(tries, elapsed, reason);
    }

    /// The time elapsed. Where a policy that is chosen only now limits it, it counts from here.
    #[inline]
    fn elapsed_for(&mut self, chosen: Option<&Policy>) -> Option<Duration> {
        if self.timed.is_none() && chosen.is_some_and(|policy| policy.max_time().is_some()) {
            self.read_clock();
        }
        self.elapsed()
    }

    /// The step of a call inside a try of another one, whose limits hold as well.
    #[cold]
    #[inline(never)]
    fn decide_inside<O, H: Hook<O>>(
        &mut self,
        outcome: &O,
        verdict: Verdict,
        cost: Cost,
        elapsed: Option<Duration>,
        chosen: Option<Policy>,
        hooks: &mut H,
    ) -> Step {
        let since = elapsed.map_or(Seconds::ZERO, Seconds::from_duration);
        let outer = Scope::current();
        let narrow = |limits: &Limits| match &outer {
            Some(outer) => outer.narrow(*limits, since),
            None => *limits,
        };
        let step = self.decide(outcome, verdict, elapsed, chosen, hooks, narrow);
        let step = self.ask_to_retry(step, outcome, cost, hooks);
        if let Step::Retry { .. } = step {
            scope::note_rejected(false);
        }
        step
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a part of `handle_failure`")]
    fn decide<O, H: Hook<O>>(
        &mut self,
        outcome: &O,
        verdict: Verdict,
        elapsed: Option<Duration>,
        chosen: Option<Policy>,
        hooks: &mut H,
        narrow: impl FnOnce(&Limits) -> Limits,
    ) -> Step {
        let chosen = chosen.map(|policy| policy.inside(self.policy.limits()));
        let policy = chosen.as_ref().unwrap_or(self.policy);
        let limits = narrow(policy.limits());
        #[cfg(feature = "testing")]
        let limits = crate::testing::allowed(&limits);
        let elapsed = elapsed.map_or(Seconds::ZERO, Seconds::from_duration);
        if let Some(step) = self.engine.handle_verdict(&limits, verdict, elapsed) {
            return step;
        }
        let own = hooks.raw_wait(outcome);
        if chosen.is_some() || own.is_some() || self.strayed {
            self.stray(policy.wait(), chosen.is_some() || own.is_some());
        }
        let raw = match own {
            Some(raw) => raw.map(|raw| raw.min(policy.wait().cap())),
            None => self.engine.raw_wait_of(policy.wait(), &mut self.draws),
        };
        let wait = raw.map(|raw| match hooks.jitter(raw) {
            Some(wait) => wait.min(policy.wait().cap()),
            None => policy.spread(raw, &mut self.draws),
        });
        self.engine.handle_wait(&limits, verdict, elapsed, wait, &mut self.draws)
    }

    /// Goes on with another schedule than the one before, or comes back to the call's own.
    #[cold]
    #[inline(never)]
    fn stray(&mut self, wait: &Wait, away: bool) {
        self.engine.continue_with(wait);
        self.strayed = away;
    }

    /// The wait as the driver sleeps it: not at all in a test that switched waits off, which counts
    /// it as elapsed all the same.
    #[inline]
    #[cfg_attr(not(feature = "testing"), allow(clippy::unused_self))]
    fn slept(&mut self, wait: Seconds) -> Seconds {
        #[cfg(feature = "testing")]
        if crate::testing::skips_waits() {
            self.skipped = self.skipped.saturating_add(wait.to_duration());
            return Seconds::ZERO;
        }
        wait
    }
}

/// How many calls the ones around this one have made of it already, this try among them.
fn amplification() -> u64 {
    Scope::current().map_or(1, |outer| outer.amplification)
}
