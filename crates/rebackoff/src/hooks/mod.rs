//! What the caller may say about a call: conditions, waits of its own, handlers.

mod conditions;
mod guards;
mod handlers;
#[cfg(any(feature = "reqwest", feature = "tower"))]
mod per_request;
mod waits;

pub use conditions::{Giveup, HintFrom, Judge, OnError, Until, When};
pub use guards::{Admitted, Asks, Convert, Costs, Counts, Door, Rejected, Spends};
pub use handlers::{OnBackoff, OnGiveup, OnSuccess, OnTry};
#[cfg(any(feature = "reqwest", feature = "tower"))]
pub(crate) use per_request::Resendable;
#[cfg(any(feature = "reqwest", feature = "tower"))]
pub use per_request::{GuardsOf, PerRequest};
pub(crate) use waits::Instead;
pub use waits::{JitterBy, PolicyFor, WaitFrom};

use std::task::Poll;

use rebackoff_core::{Cost, Event, Health, Policy, Seconds, Verdict};

use crate::Clock;

/// What a caller says about a call and is told of it; `O` is what the target gives.
///
/// The setters of [`Call`](crate::Call) (`when`, `giveup`, `on_backoff`, …) each add one hook.
/// Implement it for a bundle that is used with many calls, and add that with
/// [`Call::hook`](crate::Call::hook). Every method does nothing by default. Hooks are asked in
/// the order in which they were added: each may change the verdict of those before it, and of
/// policies, raw waits, jitters, healths and costs the first that is given holds; a usual health or
/// cost, such as a classifier's, where there is no other.
///
/// The methods from [`admit`](Self::admit) on are for guards, which share what they know with other
/// calls: a breaker, a budget. Each is asked of all hooks before the next one is: `admit` and `start`
/// before the first try; `poll` around each poll of an async try; `settle` after each try; `check` and `pay` before a retry; `keep` before its
/// wait, `readmit` and `give_back` after it; `release` after a refusal.
pub trait Hook<O> {
    /// Whether [`tell`](Self::tell) is to be called, and the clock read for it on each call.
    /// Default true; a hook that only judges sets it to false, so that success stays free.
    const TIMED: bool = true;

    /// The verdict on `outcome`, given the verdict so far.
    #[inline]
    fn judge(&mut self, outcome: &O, verdict: Verdict) -> Verdict {
        let _ = outcome;
        verdict
    }

    /// The policy for this failed outcome, in place of the call's own.
    #[inline]
    fn policy(&mut self, outcome: &O) -> Option<Policy> {
        let _ = outcome;
        None
    }

    /// The raw wait after this failed outcome, in place of the strategy's; `Some(None)` ends it.
    #[inline]
    fn raw_wait(&mut self, outcome: &O) -> Option<Option<Seconds>> {
        let _ = outcome;
        None
    }

    /// The wait that a raw wait becomes, in place of the policy's jitter.
    #[inline]
    fn jitter(&mut self, raw: Seconds) -> Option<Seconds> {
        let _ = raw;
        None
    }

    /// Is told each event.
    #[inline]
    fn tell(&mut self, event: &Event<'_, O>) {
        let _ = event;
    }

    /// What `outcome` says of the health of the target, in place of what the verdict says.
    #[inline]
    fn health(&mut self, outcome: &O) -> Option<Health> {
        let _ = outcome;
        None
    }

    /// What a retry after this failed outcome costs a budget.
    #[inline]
    fn cost(&mut self, outcome: &O) -> Option<Cost> {
        let _ = outcome;
        None
    }

    /// What `outcome` says of the health of the target where nobody has another word on it: of a
    /// classifier, whose word is no more than the usual one.
    #[inline]
    fn usual_health(&mut self, outcome: &O) -> Option<Health> {
        let _ = outcome;
        None
    }

    /// What a retry after this failed outcome costs a budget where nobody has another word on it.
    #[inline]
    fn usual_cost(&mut self, outcome: &O) -> Option<Cost> {
        let _ = outcome;
        None
    }

    /// Whether the target may be called at all.
    ///
    /// # Errors
    ///
    /// It may not; what the call gives in its place.
    #[inline]
    fn admit<C: Clock>(&mut self, clock: &C) -> Result<(), O> {
        let _ = clock;
        Ok(())
    }

    /// The first try is about to begin.
    #[inline]
    fn start<C: Clock>(&mut self, clock: &C) {
        let _ = clock;
    }

    /// Polls the try that runs, of an async call.
    #[inline]
    fn poll<T>(&mut self, poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
        poll()
    }

    /// A try ended with `verdict`; `health` is what a hook has said of it, or neutral where a breaker
    /// inside the target has rejected the try.
    #[inline]
    fn settle<C: Clock>(&mut self, clock: &C, verdict: Verdict, health: Option<Health>) {
        let _ = (clock, verdict, health);
    }

    /// Whether a retry after `wait` has a chance to be admitted. Nothing is paid yet.
    #[inline]
    fn check<C: Clock>(&mut self, clock: &C, wait: Seconds) -> bool {
        let _ = (clock, wait);
        true
    }

    /// Pays for a retry; false when it cannot.
    #[inline]
    fn pay<C: Clock>(&mut self, clock: &C, cost: Cost) -> bool {
        let _ = (clock, cost);
        true
    }

    /// Keeps the outcome of the last try during the wait, where [`readmit`](Self::readmit) may
    /// refuse the next one; otherwise hands it on.
    #[inline]
    fn keep(&mut self, outcome: O) -> Option<O> {
        Some(outcome)
    }

    /// Gives back the outcome that was kept.
    #[inline]
    fn give_back(&mut self) -> Option<O> {
        None
    }

    /// Whether the target may be called again, now that the wait is over.
    #[inline]
    fn readmit<C: Clock>(&mut self, clock: &C) -> bool {
        let _ = clock;
        true
    }

    /// The try that was admitted or paid for is not made, because another guard refused it.
    #[inline]
    fn release(&mut self) {}
}

/// Says nothing.
impl<O> Hook<O> for () {
    const TIMED: bool = false;
}

/// Says nothing, but lets the calls inside see the call.
#[derive(Clone, Copy, Debug)]
pub struct Seen;

impl<O> Hook<O> for Seen {
    const TIMED: bool = true;
}

/// A hook that is used with many calls is lent to each.
impl<O, H: Hook<O>> Hook<O> for &mut H {
    const TIMED: bool = H::TIMED;

    #[inline]
    fn judge(&mut self, outcome: &O, verdict: Verdict) -> Verdict {
        (**self).judge(outcome, verdict)
    }

    #[inline]
    fn policy(&mut self, outcome: &O) -> Option<Policy> {
        (**self).policy(outcome)
    }

    #[inline]
    fn raw_wait(&mut self, outcome: &O) -> Option<Option<Seconds>> {
        (**self).raw_wait(outcome)
    }

    #[inline]
    fn jitter(&mut self, raw: Seconds) -> Option<Seconds> {
        (**self).jitter(raw)
    }

    #[inline]
    fn tell(&mut self, event: &Event<'_, O>) {
        (**self).tell(event);
    }

    #[inline]
    fn health(&mut self, outcome: &O) -> Option<Health> {
        (**self).health(outcome)
    }

    #[inline]
    fn cost(&mut self, outcome: &O) -> Option<Cost> {
        (**self).cost(outcome)
    }

    #[inline]
    fn usual_health(&mut self, outcome: &O) -> Option<Health> {
        (**self).usual_health(outcome)
    }

    #[inline]
    fn usual_cost(&mut self, outcome: &O) -> Option<Cost> {
        (**self).usual_cost(outcome)
    }

    #[inline]
    fn admit<C: Clock>(&mut self, clock: &C) -> Result<(), O> {
        (**self).admit(clock)
    }

    #[inline]
    fn start<C: Clock>(&mut self, clock: &C) {
        (**self).start(clock);
    }

    #[inline]
    fn poll<T>(&mut self, poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
        (**self).poll(poll)
    }

    #[inline]
    fn settle<C: Clock>(&mut self, clock: &C, verdict: Verdict, health: Option<Health>) {
        (**self).settle(clock, verdict, health);
    }

    #[inline]
    fn check<C: Clock>(&mut self, clock: &C, wait: Seconds) -> bool {
        (**self).check(clock, wait)
    }

    #[inline]
    fn pay<C: Clock>(&mut self, clock: &C, cost: Cost) -> bool {
        (**self).pay(clock, cost)
    }

    #[inline]
    fn keep(&mut self, outcome: O) -> Option<O> {
        (**self).keep(outcome)
    }

    #[inline]
    fn give_back(&mut self) -> Option<O> {
        (**self).give_back()
    }

    #[inline]
    fn readmit<C: Clock>(&mut self, clock: &C) -> bool {
        (**self).readmit(clock)
    }

    #[inline]
    fn release(&mut self) {
        (**self).release();
    }
}

/// Two hooks, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Then<A, B>(pub(crate) A, pub(crate) B);

impl<O, A: Hook<O>, B: Hook<O>> Hook<O> for Then<A, B> {
    const TIMED: bool = A::TIMED || B::TIMED;

    #[inline]
    fn judge(&mut self, outcome: &O, verdict: Verdict) -> Verdict {
        let verdict = self.0.judge(outcome, verdict);
        self.1.judge(outcome, verdict)
    }

    #[inline]
    fn policy(&mut self, outcome: &O) -> Option<Policy> {
        self.0.policy(outcome).or_else(|| self.1.policy(outcome))
    }

    #[inline]
    fn raw_wait(&mut self, outcome: &O) -> Option<Option<Seconds>> {
        self.0.raw_wait(outcome).or_else(|| self.1.raw_wait(outcome))
    }

    #[inline]
    fn jitter(&mut self, raw: Seconds) -> Option<Seconds> {
        self.0.jitter(raw).or_else(|| self.1.jitter(raw))
    }

    #[inline]
    fn tell(&mut self, event: &Event<'_, O>) {
        self.0.tell(event);
        self.1.tell(event);
    }

    #[inline]
    fn health(&mut self, outcome: &O) -> Option<Health> {
        self.0.health(outcome).or_else(|| self.1.health(outcome))
    }

    #[inline]
    fn cost(&mut self, outcome: &O) -> Option<Cost> {
        self.0.cost(outcome).or_else(|| self.1.cost(outcome))
    }

    #[inline]
    fn usual_health(&mut self, outcome: &O) -> Option<Health> {
        self.0.usual_health(outcome).or_else(|| self.1.usual_health(outcome))
    }

    #[inline]
    fn usual_cost(&mut self, outcome: &O) -> Option<Cost> {
        self.0.usual_cost(outcome).or_else(|| self.1.usual_cost(outcome))
    }

    #[inline]
    fn admit<C: Clock>(&mut self, clock: &C) -> Result<(), O> {
        self.0.admit(clock)?;
        self.1.admit(clock)
    }

    #[inline]
    fn start<C: Clock>(&mut self, clock: &C) {
        self.0.start(clock);
        self.1.start(clock);
    }

    #[inline]
    fn poll<T>(&mut self, poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
        let Self(first, second) = self;
        first.poll(|| second.poll(poll))
    }

    #[inline]
    fn settle<C: Clock>(&mut self, clock: &C, verdict: Verdict, health: Option<Health>) {
        self.0.settle(clock, verdict, health);
        self.1.settle(clock, verdict, health);
    }

    #[inline]
    fn check<C: Clock>(&mut self, clock: &C, wait: Seconds) -> bool {
        self.0.check(clock, wait) && self.1.check(clock, wait)
    }

    #[inline]
    fn pay<C: Clock>(&mut self, clock: &C, cost: Cost) -> bool {
        self.0.pay(clock, cost) && self.1.pay(clock, cost)
    }

    #[inline]
    fn keep(&mut self, outcome: O) -> Option<O> {
        self.1.keep(self.0.keep(outcome)?)
    }

    #[inline]
    fn give_back(&mut self) -> Option<O> {
        self.0.give_back().or_else(|| self.1.give_back())
    }

    #[inline]
    fn readmit<C: Clock>(&mut self, clock: &C) -> bool {
        self.0.readmit(clock) && self.1.readmit(clock)
    }

    #[inline]
    fn release(&mut self) {
        self.0.release();
        self.1.release();
    }
}
