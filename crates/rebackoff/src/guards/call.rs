//! The guards of one call.

use rebackoff_core::{Breaker, Budget, Cost, Health, Reason, Seconds, Verdict};

use super::{Asks, Guarding, Handle, NoRejection, Pays, Several};
use crate::Clock;

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
