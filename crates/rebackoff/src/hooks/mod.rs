//! The conditions, waits and handlers that a caller adds to a call.

mod classes;
mod conditions;
mod handlers;
#[cfg(any(feature = "reqwest", feature = "tower"))]
mod per_request;
mod waits;

pub use classes::{Costs, Counts};
pub use conditions::{Giveup, HintFrom, Judge, OnError, Until, When};
pub use handlers::{OnBackoff, OnGiveup, OnSuccess, OnTry};
#[cfg(any(feature = "reqwest", feature = "tower"))]
pub use per_request::Resendable;
#[cfg(any(feature = "reqwest", feature = "tower"))]
pub use per_request::{JudgeBy, PerRequest};
pub use waits::{JitterBy, PolicyFor, WaitFrom};

use std::marker::PhantomData;

pub use rebackoff_core::Events;
use rebackoff_core::{Cost, Event, Health, Policy, Seconds, Verdict};

/// A part of a call that its caller adds: a condition, a wait, a handler, or several in one; `O` is
/// the outcome of the target.
///
/// The setters of [`Call`](crate::engine::Call) (`when`, `giveup`, `on_backoff`, …) each add one hook.
/// Implement this trait for a bundle that is used with many calls, and add that with
/// [`Call::hook`](crate::engine::Call::hook). Every method does nothing by default. Hooks are asked in the
/// order in which they were added:
///
/// | method | of several hooks |
/// |---|---|
/// | `judge` | each may change the verdict of those before it |
/// | `policy`, `raw_wait`, `jitter` | the first answer counts |
/// | `classify` | the last answer counts |
/// | `notify` | all are called |
///
/// Budgets and breakers are no hooks: a hook cannot refuse a try.
///
/// ```
/// use rebackoff::hooks::Events;
/// use rebackoff::prelude::*;
/// use rebackoff::{EventKind, Hook};
/// # let _no_wait = rebackoff::testing::no_wait();
///
/// /// The rules of all calls to the shop: an order that is not there stays missing, and give-ups are counted.
/// #[derive(Default)]
/// struct Shop { giveups: u32 }
///
/// impl<T> Hook<Result<T, u16>> for Shop {
///     const EVENTS: Events = Events::GIVEUP.untimed();
///
///     fn judge(&mut self, outcome: &Result<T, u16>, verdict: Verdict) -> Verdict {
///         if let Err(404) = outcome { Verdict::GiveUp } else { verdict }
///     }
///
///     fn notify(&mut self, event: &Event<'_, Result<T, u16>>) {
///         self.giveups += u32::from(event.kind == EventKind::Giveup);
///     }
/// }
///
/// static ORDER: Policy = policy!(expo, max_tries = 3);
///
/// let mut shop = Shop::default();
/// assert_eq!(ORDER.retry(|| Err::<(), _>(404)).hook(&mut shop).outcome().tries, 1);
/// assert_eq!(ORDER.retry(|| Err::<(), _>(503)).hook(&mut shop).outcome().tries, 3);
/// assert_eq!(shop.giveups, 2);
/// ```
pub trait Hook<O> {
    /// The events that [`notify`](Self::notify) is called with. Default all, with the time elapsed: the
    /// call reads the clock when it begins, unless they are [`untimed`](Events::untimed).
    const EVENTS: Events = Events::ALL;

    /// True if the hook traces backoffs and give-ups, so that the call traces none itself. Default `false`.
    const TRACES: bool = false;

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

    /// The raw wait after this failed outcome, in place of the strategy's; `Some(None)` gives up with
    /// `exhausted`.
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

    /// The class of `outcome` for the guards of the call, as far as this hook knows it.
    #[inline]
    fn classify(&mut self, outcome: &O) -> Class {
        let _ = outcome;
        Class::UNKNOWN
    }

    /// Receives an event.
    #[inline]
    fn notify(&mut self, event: &Event<'_, O>) {
        let _ = event;
    }
}

/// The class of an outcome, for budgets and breakers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Class {
    /// The health of the target; overrides the verdict.
    pub health: Option<Health>,
    /// The cost of a retry, for a budget that has prices.
    pub cost: Option<Cost>,
}

impl Class {
    /// Nothing is known.
    pub const UNKNOWN: Self = Self { health: None, cost: None };

    /// The class of outcomes after which the target is in this health.
    pub const fn of_health(health: Option<Health>) -> Self {
        Self { health, ..Self::UNKNOWN }
    }

    /// The class of outcomes after which a retry costs this.
    pub const fn of_cost(cost: Option<Cost>) -> Self {
        Self { cost, ..Self::UNKNOWN }
    }

    /// This class where `other` knows nothing.
    fn or(self, other: Self) -> Self {
        Self { health: self.health.or(other.health), cost: self.cost.or(other.cost) }
    }
}

/// Does nothing.
impl<O> Hook<O> for () {
    const EVENTS: Events = Events::NONE;
}

/// Names the errors of a loop, of which guards alone do not know the type.
#[derive(Clone, Copy, Debug)]
pub struct ErrorsOf<E>(PhantomData<fn(&E)>);

impl<E> ErrorsOf<E> {
    pub(crate) const NAMED: Self = Self(PhantomData);
}

impl<E> Hook<E> for ErrorsOf<E> {
    const EVENTS: Events = Events::NONE;
}

/// A hook that is used with many calls is lent to each.
impl<O, H: Hook<O>> Hook<O> for &mut H {
    const EVENTS: Events = H::EVENTS;
    const TRACES: bool = H::TRACES;

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
    fn classify(&mut self, outcome: &O) -> Class {
        (**self).classify(outcome)
    }

    #[inline]
    fn notify(&mut self, event: &Event<'_, O>) {
        (**self).notify(event);
    }
}

/// Two hooks, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Then<A, B>(pub(crate) A, pub(crate) B);

impl<O, A: Hook<O>, B: Hook<O>> Hook<O> for Then<A, B> {
    const EVENTS: Events = A::EVENTS.or(B::EVENTS);
    const TRACES: bool = A::TRACES || B::TRACES;

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
    fn classify(&mut self, outcome: &O) -> Class {
        let earlier = self.0.classify(outcome);
        self.1.classify(outcome).or(earlier)
    }

    #[inline]
    fn notify(&mut self, event: &Event<'_, O>) {
        if A::EVENTS.contains(event.kind) {
            self.0.notify(event);
        }
        if B::EVENTS.contains(event.kind) {
            self.1.notify(event);
        }
    }
}
