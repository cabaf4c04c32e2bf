use rebackoff_core::{Breaker, Budget, Cost, Health, Reason, Seconds, Verdict};

use super::{Asks, Handle, NoRejection, Pays, Rejection};
use crate::Clock;

/// What guards one call: nothing, a budget, a breaker, or [`Several`] guards.
///
/// A driver calls the methods in the order in which they stand here. A value that is dropped before
/// its call has ended gives back what it holds.
pub trait Guarding {
    /// The rejection of a call; [`NoRejection`] without a breaker.
    type Rejection: Rejection;

    /// Whether there is no guard at all.
    const IS_EMPTY: bool;

    /// Asks for the first try.
    ///
    /// # Errors
    ///
    /// A breaker rejects the call.
    fn handle_start(&mut self, clock: &impl Clock) -> Result<(), Self::Rejection>;

    /// A try begins.
    fn handle_try(&mut self, clock: &impl Clock);

    /// A try ended with `verdict`; `health` overrides what the verdict says of the target.
    fn handle_settled(&mut self, clock: &impl Clock, verdict: Verdict, health: Option<Health>);

    /// Asks for a retry after `wait`.
    ///
    /// # Errors
    ///
    /// A guard refuses it, for this reason.
    fn handle_retry(&mut self, clock: &impl Clock, cost: Cost, wait: Seconds)
    -> Result<(), Reason>;

    /// The wait is over. Returns whether the retry may begin.
    fn handle_resume(&mut self, clock: &impl Clock) -> bool;

    /// The try that was admitted or paid for is not made.
    fn handle_abandoned(&mut self);
}

impl Guarding for () {
    type Rejection = NoRejection;
    const IS_EMPTY: bool = true;

    #[inline]
    fn handle_start(&mut self, _: &impl Clock) -> Result<(), NoRejection> {
        Ok(())
    }

    #[inline]
    fn handle_try(&mut self, _: &impl Clock) {}

    #[inline]
    fn handle_settled(&mut self, _: &impl Clock, _: Verdict, _: Option<Health>) {}

    #[inline]
    fn handle_retry(&mut self, _: &impl Clock, _: Cost, _: Seconds) -> Result<(), Reason> {
        Ok(())
    }

    #[inline]
    fn handle_resume(&mut self, _: &impl Clock) -> bool {
        true
    }

    #[inline]
    fn handle_abandoned(&mut self) {}
}

/// Two guards, or groups of guards, which are asked in order. What the first gave goes back when the
/// second refuses.
#[derive(Clone, Copy, Debug)]
pub struct Several<A, B>(pub A, pub B);

impl<A: Guarding, B: Guarding> Guarding for Several<A, B> {
    type Rejection = <A::Rejection as Rejection>::Or<B::Rejection>;
    const IS_EMPTY: bool = A::IS_EMPTY && B::IS_EMPTY;

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a call that goes through memory costs twice as much")]
    fn handle_start(&mut self, clock: &impl Clock) -> Result<(), Self::Rejection> {
        self.0.handle_start(clock).map_err(Rejection::first)?;
        self.1.handle_start(clock).map_err(|rejection| {
            self.0.handle_abandoned();
            A::Rejection::second(rejection)
        })
    }

    #[inline]
    fn handle_try(&mut self, clock: &impl Clock) {
        self.0.handle_try(clock);
        self.1.handle_try(clock);
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a call that goes through memory costs twice as much")]
    fn handle_settled(&mut self, clock: &impl Clock, verdict: Verdict, health: Option<Health>) {
        self.0.handle_settled(clock, verdict, health);
        self.1.handle_settled(clock, verdict, health);
    }

    #[inline]
    fn handle_retry(
        &mut self,
        clock: &impl Clock,
        cost: Cost,
        wait: Seconds,
    ) -> Result<(), Reason> {
        self.0.handle_retry(clock, cost, wait)?;
        self.1.handle_retry(clock, cost, wait).inspect_err(|_| self.0.handle_abandoned())
    }

    #[inline]
    fn handle_resume(&mut self, clock: &impl Clock) -> bool {
        if !self.0.handle_resume(clock) {
            self.1.handle_abandoned();
            return false;
        }
        let resumed = self.1.handle_resume(clock);
        if !resumed {
            self.0.handle_abandoned();
        }
        resumed
    }

    #[inline]
    fn handle_abandoned(&mut self) {
        self.0.handle_abandoned();
        self.1.handle_abandoned();
    }
}

/// The guards of a call: its breakers, which are asked first, and its budgets.
#[derive(Clone, Copy, Debug)]
pub struct GuardsOfCall<K, B>(Several<K, B>);

impl GuardsOfCall<(), ()> {
    /// No guards.
    pub const NONE: Self = Self(Several((), ()));
}

impl<K, B> GuardsOfCall<K, B> {
    /// These breakers and these budgets.
    #[inline]
    pub const fn new(breakers: K, budgets: B) -> Self {
        Self(Several(breakers, budgets))
    }

    /// Adds a budget.
    #[inline]
    pub(crate) fn and_budget<H: Handle<Budget>>(
        self,
        pays: Pays<H>,
    ) -> GuardsOfCall<K, Several<B, Pays<H>>> {
        let Self(Several(breakers, budgets)) = self;
        GuardsOfCall::new(breakers, Several(budgets, pays))
    }

    /// Adds a breaker.
    #[inline]
    pub(crate) fn and_breaker<H: Handle<Breaker>, D>(
        self,
        asks: Asks<H, D>,
    ) -> GuardsOfCall<Several<K, Asks<H, D>>, B> {
        let Self(Several(breakers, budgets)) = self;
        GuardsOfCall::new(Several(breakers, asks), budgets)
    }
}

impl<K: Guarding, B: Guarding<Rejection = NoRejection>> Guarding for GuardsOfCall<K, B> {
    type Rejection = K::Rejection;
    const IS_EMPTY: bool = <Several<K, B>>::IS_EMPTY;

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a call that goes through memory costs twice as much")]
    fn handle_start(&mut self, clock: &impl Clock) -> Result<(), K::Rejection> {
        let Self(Several(breakers, budgets)) = self;
        breakers.handle_start(clock)?;
        let Ok(()) = budgets.handle_start(clock);
        Ok(())
    }

    #[inline]
    fn handle_try(&mut self, clock: &impl Clock) {
        self.0.handle_try(clock);
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a call that goes through memory costs twice as much")]
    fn handle_settled(&mut self, clock: &impl Clock, verdict: Verdict, health: Option<Health>) {
        self.0.handle_settled(clock, verdict, health);
    }

    #[inline]
    fn handle_retry(
        &mut self,
        clock: &impl Clock,
        cost: Cost,
        wait: Seconds,
    ) -> Result<(), Reason> {
        self.0.handle_retry(clock, cost, wait)
    }

    #[inline]
    fn handle_resume(&mut self, clock: &impl Clock) -> bool {
        self.0.handle_resume(clock)
    }

    #[inline]
    fn handle_abandoned(&mut self) {
        self.0.handle_abandoned();
    }
}
