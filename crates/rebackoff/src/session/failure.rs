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

        let of_hooks;
        let chosen = match chosen {
            _ if !verdict.wants_retry() => None,
            None => {
                of_hooks = self.hooks.policy(outcome);
                of_hooks.as_ref()
            }
            chosen => chosen,
        };
        let narrowed = chosen.is_some() || scope::is_set() || (VISIBLE && self.is_timed());
        // Each way gives up by itself: joined first, the result would be looked at once more on every retry.
        let hint = verdict.hint();
        let (wait, elapsed) = if narrowed || Skipped::narrows() {
            match self.decide_narrowed(outcome, verdict, chosen) {
                (Ok(wait), elapsed) => (wait, elapsed),
                (Err(reason), elapsed) => return self.end(reason, elapsed, outcome, hint),
            }
        } else {
            match self.decide(outcome, verdict, None, None, None) {
                Ok(wait) => (wait, None),
                Err(reason) => return self.end(reason, None, outcome, hint),
            }
        };
        let cost = class.cost.unwrap_or(if late { Cost::Timeout } else { Cost::Retry });
        if let Err(reason) = self.guards.handle_retry(&self.clock, cost, wait) {
            return self.end(Some(reason), elapsed, outcome, hint);
        }
        if H::EVENTS.contains(EventKind::Backoff) {
            self.notify(EventKind::Backoff, elapsed, Some(outcome), |event| {
                event.wait = Some(wait.to_duration());
                event.hint = hint.map(Seconds::to_duration);
            });
        }
        if !H::TRACES {
            trace::backoff(self.tries(), elapsed, wait);
        }
        Some(wait.to_duration())
    }

    /// Gives up, if there is a `reason`. Returns no wait.
    #[inline]
    fn end<O>(
        &mut self,
        reason: Option<Reason>,
        elapsed: Option<Duration>,
        outcome: &O,
        hint: Option<Seconds>,
    ) -> Option<Duration>
    where
        H: Hook<O>,
    {
        self.give_up(reason?, elapsed, outcome, hint);
        None
    }

    /// Decides for a call with limits beside those of its policy, or one that counts its time. Apart, so that only
    /// such a call copies limits. Returns the time elapsed as well, if a limit needs it.
    #[cold]
    #[inline(never)]
    fn decide_narrowed<O>(
        &mut self,
        outcome: &O,
        verdict: Verdict,
        chosen: Option<&Policy>,
    ) -> (Decided, Option<Duration>)
    where
        H: Hook<O>,
    {
        let chosen = chosen.map(|policy| policy.inside(self.policy().limits()));
        let elapsed = self.elapsed_at_failure(chosen.as_ref());
        let since = elapsed.map_or(Seconds::ZERO, Seconds::from_duration);
        let limits = *chosen.as_ref().unwrap_or(self.policy()).limits();
        let limits = match Scope::current() {
            Some(outer) => outer.narrow(limits, since),
            None => limits,
        };
        let limits = Skipped::allowed(limits);
        let decided = self.decide(outcome, verdict, Some(since), chosen.as_ref(), Some(&limits));
        (decided, elapsed)
    }

    /// The time elapsed, if a limit needs it: zero after a try that was long enough to begin the call anew. Where
    /// a policy that is chosen only now has the first limit on time, the time counts from here.
    fn elapsed_at_failure(&mut self, chosen: Option<&Policy>) -> Option<Duration> {
        let is_limited = chosen.is_some_and(|policy| policy.limits().max_time.is_some());
        if is_limited && !self.is_timed() {
            self.read_clock();
        }
        if !is_limited && !self.is_visible() {
            return None;
        }
        let elapsed = self.elapsed()?;
        if let Phase::Timed { current, .. } = self.phase {
            let lasted = Moment::from(elapsed).since(current);
            if self.engine.handle_long_try(self.policy.as_ref().limits(), lasted) {
                self.begin_anew();
                return Some(Duration::ZERO);
            }
        }
        Some(elapsed)
    }

    /// The step by `chosen` and within `limits`, in place of the policy of the call and its limits.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a part of `handle_failure`")]
    fn decide<O>(
        &mut self,
        outcome: &O,
        verdict: Verdict,
        elapsed: Option<Seconds>,
        chosen: Option<&Policy>,
        limits: Option<&Limits>,
    ) -> Decided
    where
        H: Hook<O>,
    {
        let policy = chosen.unwrap_or(self.policy.as_ref());
        let limits = limits.unwrap_or(policy.limits());
        if let Some(step) = self.engine.handle_verdict(limits, verdict, elapsed) {
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
        decided(self.engine.handle_wait(limits, verdict, elapsed, wait, &mut self.draws))
    }
}

/// The raw wait after one of another schedule.
#[cold]
#[inline(never)]
fn take_over(wait: &Wait, engine: &Engine, draws: &mut CallDraws) -> Option<Seconds> {
    wait.next(wait.take_over(engine.position()), draws)
}
