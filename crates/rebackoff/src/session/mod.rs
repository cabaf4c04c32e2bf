//! The state of one call, which every driver shares: engine, clock, hooks and guards.

mod events;
mod failure;

use std::ops::ControlFlow;
use std::time::Duration;

use rebackoff_core::{Engine, LastWait, Moment, Policy, Reason, Seconds, Verdict};

pub(crate) use failure::FailedTry;

use crate::guards::{Guarding, Rejects};
use crate::hooks::{Hook, Then};
use crate::kept::Keep;
use crate::random::CallDraws;
use crate::scope::{self, Entered};
use crate::skipped::Skipped;
use crate::timeline::{Deadline, Reading};
use crate::{Attempt, Clock, Outcome};

// In this order: in an order of its own, the compiler fills each async call in elsewhere and copies all
// of it, which nearly doubles the instructions of a success.
#[repr(C)]
pub(crate) struct Session<P, C, H, G> {
    phase: Phase,
    policy: P,
    engine: Engine,
    draws: CallDraws,
    pub(crate) clock: C,
    pub(crate) hooks: H,
    pub(crate) guards: G,
    /// The last wait came from another schedule than the policy's, which is to be taken up again.
    off_schedule: bool,
    /// The calls inside the target see this call, without a limit on time as well.
    visible: bool,
    /// The reason of giving up; here and not in the phase, which would grow by a word for it.
    reason: Option<Reason>,
    pub(crate) stage: Stage,
    skipped: Skipped,
}

/// The progress of a call, for its clock and its end.
enum Phase {
    /// The clock has not been read.
    Untimed,
    Timed {
        /// The start of the first try.
        start: Reading,
        /// The start of the current try, as time elapsed, where a long try begins the call anew.
        current: Moment,
    },
    /// The call gave up.
    GaveUp { elapsed: Duration },
    /// The call gave up, with a hint. The types are the short ones: a phase is three words, and larger with `Duration`s.
    Hinted { elapsed: Moment, hint: Seconds },
}

/// The progress of the current try.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Trying,
    /// The first try of a loop, which hooks are notified of when it ends: only then is the type of its errors known.
    Unreported,
    /// The try of a loop that reported its success.
    Succeeded,
}

impl<P, C, H, G> Session<P, C, H, G> {
    #[inline]
    pub(crate) const fn new(
        policy: P,
        clock: C,
        draws: CallDraws,
        hooks: H,
        guards: G,
        visible: bool,
    ) -> Self {
        Self {
            phase: Phase::Untimed,
            policy,
            engine: Engine::new(),
            draws,
            clock,
            hooks,
            guards,
            off_schedule: false,
            visible,
            reason: None,
            stage: Stage::Trying,
            skipped: Skipped::NONE,
        }
    }

    #[inline]
    pub(crate) const fn tries(&self) -> u64 {
        self.engine.tries()
    }

    pub(crate) const fn total_tries(&self) -> u64 {
        self.engine.total_tries()
    }

    #[inline]
    pub(crate) const fn reason(&self) -> Option<Reason> {
        self.reason
    }

    /// This call with a copy of its policy.
    pub(crate) fn owned(self) -> Session<Policy, C, H, G>
    where
        P: AsRef<Policy>,
    {
        self.map(|policy, clock, hooks, guards| (*policy.as_ref(), clock, hooks, guards))
    }

    pub(crate) fn with_hook<A>(self, hook: A) -> Session<P, C, Then<H, A>, G> {
        self.map(|policy, clock, hooks, guards| (policy, clock, Then(hooks, hook), guards))
    }

    pub(crate) fn map_guards<N>(self, change: impl FnOnce(G) -> N) -> Session<P, C, H, N> {
        self.map(|policy, clock, hooks, guards| (policy, clock, hooks, change(guards)))
    }

    /// This call with another clock, from which its time counts anew.
    pub(crate) fn with_clock<T: Clock>(self, clock: T) -> Session<P, T, H, G>
    where
        P: AsRef<Policy>,
    {
        let mut session = self.map(|policy, _, hooks, guards| (policy, clock, hooks, guards));
        session.skipped.begin();
        if let Phase::Timed { .. } = session.phase {
            session.read_clock();
        }
        session
    }

    fn map<Q, T, A, N>(
        self,
        change: impl FnOnce(P, C, H, G) -> (Q, T, A, N),
    ) -> Session<Q, T, A, N> {
        let Self { phase, policy, engine, draws, clock, hooks, guards, .. } = self;
        let Self { off_schedule, visible, reason, stage, skipped, .. } = self;
        let (policy, clock, hooks, guards) = change(policy, clock, hooks, guards);
        Session {
            phase,
            policy,
            engine,
            draws,
            clock,
            hooks,
            guards,
            off_schedule,
            visible,
            reason,
            stage,
            skipped,
        }
    }
}

impl<P: AsRef<Policy>, C: Clock, H, G> Session<P, C, H, G> {
    // Getters

    pub(crate) fn policy(&self) -> &Policy {
        self.policy.as_ref()
    }

    /// The time since the first try started, where the clock was read then.
    #[inline]
    pub(crate) fn elapsed(&self) -> Option<Duration> {
        match self.phase {
            Phase::Untimed => None,
            Phase::Timed { start, .. } => {
                Some(self.skipped.add_to(self.clock.timeline().read().since(start)))
            }
            Phase::GaveUp { elapsed } => Some(elapsed),
            Phase::Hinted { elapsed, .. } => Some(Duration::from_nanos(elapsed.nanos())),
        }
    }

    /// The time left, of this call or of an enclosing one.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        least(self.own_remaining(), scope::remaining())
    }

    fn own_remaining(&self) -> Option<Duration> {
        let elapsed = || self.elapsed().map_or(Seconds::ZERO, Seconds::from_duration);
        let max_time = self.policy().limits().max_time?;
        Some(max_time.saturating_sub(elapsed()).to_duration())
    }

    /// Information about the current try, in its `scope`. Only a `VISIBLE` call may have a limit on time of
    /// its own.
    #[inline]
    pub(crate) fn attempt<const VISIBLE: bool>(&self, scope: &Entered<VISIBLE>) -> Attempt {
        let enclosing = scope.enclosing_remaining().map(Seconds::to_duration);
        let own = if VISIBLE { self.own_remaining() } else { None };
        let remaining = least(own, enclosing);
        let limit = match self.policy().limits().last_wait {
            LastWait::Stop => remaining,
            // `max_time` is compared between tries, but no try outlives the enclosing calls.
            LastWait::Shorten => enclosing,
        };
        Attempt { tries: self.tries(), remaining, limit }
    }

    /// Returns whether the calls inside the target see this call.
    #[inline]
    pub(crate) fn is_visible(&self) -> bool {
        self.visible || self.policy().is_timed()
    }

    /// Returns whether the clock was read when the call began.
    #[inline]
    fn is_timed(&self) -> bool {
        !matches!(self.phase, Phase::Untimed)
    }

    /// Sets the scope of the call for a part of the current try, where the call is `VISIBLE`.
    #[inline]
    pub(crate) fn enter<const VISIBLE: bool>(&self) -> Entered<VISIBLE> {
        match self.phase {
            _ if !VISIBLE => Entered::NONE,
            Phase::Timed { start, .. } => self.enter_since(start, self.tries()),
            _ => Entered::inside(None, self.tries()),
        }
    }

    /// Sets the scope of a visible call whose first try started at `start`, in try number `tries`.
    #[inline]
    fn enter_since<const VISIBLE: bool>(&self, start: Reading, tries: u64) -> Entered<VISIBLE> {
        let timeline = self.clock.timeline();
        if scope::is_set() {
            let deadline = self.limit().map(|limit| Deadline { timeline, start, limit });
            Entered::inside(deadline, tries)
        } else {
            Entered::outermost(timeline, start, self.limit(), tries)
        }
    }

    /// This call's own limit on time, as its clock measures it.
    #[inline]
    fn limit(&self) -> Option<Seconds> {
        self.policy().limits().max_time.map(|limit| self.skipped.take_from(limit))
    }

    /// The outcome of the call, which has ended with `result`.
    pub(crate) fn report<O>(&self, result: O) -> Outcome<O> {
        let elapsed = self.elapsed().unwrap_or_default();
        let hint = match self.phase {
            Phase::Hinted { hint, .. } => Some(hint.to_duration()),
            _ => None,
        };
        let (tries, total_tries) = (self.tries(), self.total_tries());
        Outcome { result, tries, total_tries, elapsed, reason: self.reason, hint }
    }

    /// Reads the clock as if the first try started now. Returns the reading.
    #[inline]
    pub(crate) fn read_clock(&mut self) -> Reading {
        let start = self.clock.timeline().read();
        self.phase = Phase::Timed { start, current: Moment::ZERO };
        start
    }

    // Handlers

    /// Begins the call and counts its first try.
    #[inline]
    pub(crate) fn count_first_try(&mut self) {
        self.skipped.begin();
        self.engine.handle_try();
    }

    /// Begins the call and counts its first try. Reads the clock if a limit, a handler or the caller may
    /// ask for the time. Returns whether the calls inside the target see this call.
    #[inline]
    pub(crate) fn handle_start(&mut self, timed: bool) -> bool {
        self.count_first_try();
        let visible = self.is_visible();
        if visible || timed {
            self.read_clock();
        }
        visible
    }

    /// Begins the first try, which was counted, in the scope of the call if that is `VISIBLE`. Reads the clock
    /// if a limit, a handler or the caller may ask for the time.
    #[inline]
    pub(crate) fn begin<const VISIBLE: bool, O>(&mut self) -> Entered<VISIBLE>
    where
        H: Hook<O>,
        G: Guarding,
    {
        if VISIBLE {
            // The reading and the number as they are known here: those in a future would be read again.
            let start = self.read_clock();
            self.handle_try();
            return self.enter_since(start, 1);
        }
        if H::EVENTS.are_timed() {
            self.read_clock();
        }
        self.handle_try();
        Entered::NONE
    }

    /// Begins the try that was counted.
    #[inline]
    pub(crate) fn handle_try<O>(&mut self)
    where
        H: Hook<O>,
        G: Guarding,
    {
        // Before the guards: a handler that panics leaves a try that has not begun.
        self.report_try();
        self.guards.handle_try(&self.clock);
    }

    /// The verdict on the try that ended with `outcome`; a success is settled at once.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a success in the guards costs no more than its loads")]
    pub(crate) fn judge<O>(&mut self, outcome: &O) -> Verdict
    where
        H: Hook<O>,
        G: Guarding<Rejection: Rejects<O>>,
    {
        let verdict = self.hooks.judge(outcome, Verdict::Accept);
        if verdict == Verdict::Accept {
            if !G::IS_EMPTY {
                let health = self.hooks.classify(outcome).health;
                self.guards.handle_settled(&self.clock, verdict, health);
            }
            self.report_success(Some(outcome));
        }
        verdict
    }

    /// Settles a successful try of a loop, which keeps its value.
    pub(crate) fn handle_success<E>(&mut self)
    where
        H: Hook<E>,
        G: Guarding,
    {
        self.guards.handle_settled(&self.clock, Verdict::Accept, None);
        self.report_success::<E>(None);
    }

    /// The wait as the driver sleeps it.
    #[inline]
    pub(crate) fn skip(&mut self, wait: Duration) -> Duration {
        self.skipped.skip(wait)
    }

    /// Begins the next try after the wait, which the caller's signal may have `cancelled`. Only a
    /// `VISIBLE` call may have a limit on time of its own.
    ///
    /// Breaks with the last outcome, which was `kept`, when the call is cancelled or a breaker rejects
    /// the try.
    #[inline]
    pub(crate) fn handle_resume<const VISIBLE: bool, O>(
        &mut self,
        cancelled: bool,
        kept: &mut impl Keep<O>,
    ) -> ControlFlow<O>
    where
        H: Hook<O>,
        G: Guarding,
    {
        self.skipped.pass();
        let refusal = if cancelled {
            Some(Reason::Cancelled)
        } else {
            (!self.guards.handle_resume(&self.clock)).then_some(Reason::Breaker)
        };
        if let Some((reason, outcome)) = refusal.and_then(|reason| Some((reason, kept.take()?))) {
            self.handle_end(reason, &outcome);
            return ControlFlow::Break(outcome);
        }
        self.engine.handle_try();
        if VISIBLE && self.is_timed() {
            self.time_try();
        }
        self.handle_try();
        ControlFlow::Continue(())
    }

    /// Reads the clock for a try that begins, where a long one begins the call anew.
    #[inline(never)]
    fn time_try(&mut self) {
        if self.policy().limits().reset_after.is_none() {
            return;
        }
        let elapsed = self.elapsed().unwrap_or_default();
        if let Phase::Timed { current, .. } = &mut self.phase {
            *current = Moment::from(elapsed);
        }
    }

    /// Begins the call anew: the current try is the first, and the time counts from now.
    pub(crate) fn handle_reset(&mut self) {
        self.engine.handle_reset();
        self.begin_anew();
    }

    fn begin_anew(&mut self) {
        self.off_schedule = false;
        self.reason = None;
        self.skipped.begin_anew();
        if self.is_timed() {
            self.read_clock();
        }
    }

    /// Ends the call with `outcome`, before its next try or in a try that a signal has cancelled.
    #[cold]
    #[inline(never)]
    pub(crate) fn handle_end<O>(&mut self, reason: Reason, outcome: &O)
    where
        H: Hook<O>,
        G: Guarding,
    {
        self.guards.handle_abandoned();
        let elapsed = self.elapsed();
        self.give_up(reason, elapsed, outcome, None);
    }

    /// Asks the guards for the first try.
    ///
    /// # Errors
    ///
    /// A breaker rejects the call, which ends with [`handle_rejection`](Self::handle_rejection).
    #[inline]
    pub(crate) fn admit(&mut self) -> Result<(), G::Rejection>
    where
        G: Guarding,
    {
        self.guards.handle_start(&self.clock)
    }

    /// Ends a call that a breaker has rejected. Returns the outcome.
    #[cold]
    pub(crate) fn handle_rejection<O>(&mut self, rejection: G::Rejection) -> O
    where
        H: Hook<O>,
        G: Guarding<Rejection: Rejects<O>>,
    {
        let outcome = rejection.into_outcome();
        self.give_up(Reason::Breaker, None, &outcome, None);
        outcome
    }
}

/// The lesser of two spans, of which each may be unlimited.
#[inline]
fn least(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    one.into_iter().chain(other).min()
}
