//! The way from a try that failed to the wait before the next one, or to the end of the call.

use std::time::Duration;

use rebackoff_core::{
    Cost, Engine, EventKind, Health, Limits, Moment, NextWait, Policy, Reason, Seconds, Step,
    Verdict, Wait,
};

use super::{Phase, Session};
use crate::guards::Guarding;
use crate::hooks::{Class, Hook};
use crate::random::CallDraws;
use crate::scope::{self, Scope};
use crate::skipped::Skipped;
use crate::{Clock, trace};

/// A try that is not accepted.
#[derive(Clone, Copy)]
pub(crate) struct FailedTry<'p> {
    pub(crate) verdict: Verdict,
    /// The try's timeout has cancelled it.
    pub(crate) late: bool,
    /// The outcome is a breaker's rejection.
    pub(crate) is_rejection: bool,
    /// The policy to wait by, in place of the one that the hooks choose.
    pub(crate) policy: Option<&'p Policy>,
}

impl FailedTry<'_> {
    #[inline]
    pub(crate) const fn new(verdict: Verdict, is_rejection: bool) -> Self {
        Self { verdict, late: false, is_rejection, policy: None }
    }
}

/// The wait before the next try, or the reason of giving up, which an accepted outcome has not. It fits
/// in registers, which a [`Step`] does not.
type Decided = Result<Seconds, Option<Reason>>;

#[inline]
const fn decided(step: Step) -> Decided {
    match step {
        Step::Retry { wait, .. } => Ok(wait),
        Step::GiveUp { reason, .. } => Err(Some(reason)),
        Step::Accept => Err(None),
    }
}

impl<P: AsRef<Policy>, C: Clock, H, G> Session<P, C, H, G> {
    /// Settles a try that is not accepted. Returns the wait before the next try, or `None` when the call
    /// gives up. Only a `VISIBLE` call may have a limit on time of its own.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "each driver has one failure path, kept apart")]
    pub(crate) fn handle_failure<const VISIBLE: bool, O>(
        &mut self,
        outcome: &O,
        failure: FailedTry<'_>,
    ) -> Option<Duration>
    where
        H: Hook<O>,
        G: Guarding,
    {
        let FailedTry { verdict, late, is_rejection, policy: chosen } = failure;
        let class = if G::IS_EMPTY { Class::UNKNOWN } else { self.hooks.classify(outcome) };
        let health = class.health.or(is_rejection.then_some(Health::Neutral));
        self.guards.handle_settled(&self.clock, verdict, health);

        let chosen = match chosen {
            _ if !verdict.wants_retry() => None,
            Some(chosen) => Some(*chosen),
            None => self.hooks.policy(outcome),
        };
        let mut elapsed = self.elapsed_for::<VISIBLE>(chosen.as_ref());
        if VISIBLE && self.policy().limits().reset_after.is_some() {
            self.handle_long_try(&mut elapsed);
        }
        let decided = if scope::is_set() {
            self.decide_inside(outcome, verdict, elapsed, chosen)
        } else {
            let timed = VISIBLE || chosen.is_some();
            self.decide(outcome, verdict, elapsed, chosen, |limits| {
                if timed { limits } else { Limits { max_time: None, ..limits } }
            })
        };
        let hint = || verdict.hint().map(Seconds::to_duration);
        let granted = decided.and_then(|wait| {
            let usual = if late { Cost::Timeout } else { Cost::Retry };
            let cost = class.cost.unwrap_or(usual);
            self.guards.handle_retry(&self.clock, cost, wait).map(|()| wait).map_err(Some)
        });
        let wait = match granted {
            Ok(wait) => wait,
            Err(reason) => {
                self.give_up(reason?, elapsed, outcome, hint());
                return None;
            }
        };
        if H::EVENTS.contains(EventKind::Backoff) {
            self.notify(EventKind::Backoff, elapsed, Some(outcome), |event| {
                event.wait = Some(wait.to_duration());
                event.hint = hint();
            });
        }
        if !H::TRACES {
            trace::backoff(self.tries(), elapsed, wait);
        }
        Some(wait.to_duration())
    }

    /// The time elapsed, if a limit needs it. Where a policy that is chosen only now has the first
    /// limit on time, the time counts from here.
    #[inline]
    fn elapsed_for<const VISIBLE: bool>(&mut self, chosen: Option<&Policy>) -> Option<Duration> {
        let limited = |policy: &Policy| policy.limits().max_time.is_some();
        let limited_by_choice = chosen.is_some_and(limited);
        if limited_by_choice && matches!(self.phase, Phase::Untimed) {
            self.read_clock();
        }
        if limited_by_choice || (VISIBLE && self.is_visible()) { self.elapsed() } else { None }
    }

    /// Begins the call anew where the try that failed lasted long enough.
    #[cold]
    #[inline(never)]
    fn handle_long_try(&mut self, elapsed: &mut Option<Duration>) {
        let (Phase::Timed { current, .. }, Some(end)) = (&self.phase, *elapsed) else { return };
        let lasted = Moment::from(end).since(*current);
        if self.engine.handle_long_try(self.policy.as_ref().limits(), lasted) {
            self.begin_anew();
            *elapsed = Some(Duration::ZERO);
        }
    }

    /// The step of a call inside a try of another call, whose limits hold as well.
    #[cold]
    #[inline(never)]
    fn decide_inside<O>(
        &mut self,
        outcome: &O,
        verdict: Verdict,
        elapsed: Option<Duration>,
        chosen: Option<Policy>,
    ) -> Decided
    where
        H: Hook<O>,
    {
        let since = elapsed.map_or(Seconds::ZERO, Seconds::from_duration);
        let outer = Scope::current();
        self.decide(outcome, verdict, elapsed, chosen, |limits| match &outer {
            Some(outer) => outer.narrow(limits, since),
            None => limits,
        })
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a part of `handle_failure`")]
    fn decide<O>(
        &mut self,
        outcome: &O,
        verdict: Verdict,
        elapsed: Option<Duration>,
        chosen: Option<Policy>,
        narrow: impl FnOnce(Limits) -> Limits,
    ) -> Decided
    where
        H: Hook<O>,
    {
        let chosen = chosen.map(|policy| policy.inside(self.policy().limits()));
        let policy = chosen.as_ref().unwrap_or(self.policy.as_ref());
        let limits = Skipped::allowed(narrow(*policy.limits()));
        let elapsed = elapsed.map_or(Seconds::ZERO, Seconds::from_duration);
        if let Some(step) = self.engine.handle_verdict(&limits, verdict, elapsed) {
            return decided(step);
        }
        let raw = match self.hooks.raw_wait(outcome) {
            Some(raw) => {
                self.off_schedule = true;
                raw.map(|raw| raw.min(policy.wait().cap()))
            }
            None if chosen.is_some() || self.off_schedule => {
                self.off_schedule = chosen.is_some();
                take_over(policy.wait(), &self.engine, &mut self.draws)
            }
            None => policy.wait().next(self.engine.position(), &mut self.draws),
        };
        let wait = raw.map(|raw| {
            let jittered = match self.hooks.jitter(raw) {
                Some(wait) => wait.min(policy.wait().cap()),
                None => policy.spread(raw, &mut self.draws),
            };
            NextWait { raw, jittered }
        });
        decided(self.engine.handle_wait(&limits, verdict, elapsed, wait, &mut self.draws))
    }
}

/// The raw wait after one of another schedule.
#[cold]
#[inline(never)]
fn take_over(wait: &Wait, engine: &Engine, draws: &mut CallDraws) -> Option<Seconds> {
    wait.next(wait.take_over(engine.position()), draws)
}
