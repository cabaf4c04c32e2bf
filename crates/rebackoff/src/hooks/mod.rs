//! What the caller may say about a call: conditions, waits of its own, handlers.

mod conditions;
mod handlers;
mod waits;

pub use conditions::{Giveup, HintFrom, Judge, OnError, Until, When};
pub use handlers::{OnBackoff, OnGiveup, OnSuccess, OnTry};
pub(crate) use waits::Instead;
pub use waits::{JitterBy, PolicyFor, WaitFrom};

use rebackoff_core::{Event, Policy, Seconds, Verdict};

/// What a caller says about a call and is told of it; `O` is what the target gives.
///
/// The setters of [`Call`](crate::Call) (`when`, `giveup`, `on_backoff`, …) each add one hook.
/// Implement it for a bundle that is used with many calls, and add that with
/// [`Call::hook`](crate::Call::hook). Every method does nothing by default. Hooks are asked in
/// the order in which they were added: each may change the verdict of those before it, and of
/// policies, raw waits and jitters the first that is given holds.
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
}
