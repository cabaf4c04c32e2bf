use rebackoff_core::{Budget, CallGuards, Cost, Health, Reason, Seconds, Verdict};

use super::{Guarding, Handle, NoRejection, now_on};
use crate::Clock;
use crate::random::CallDraws;

/// A budget that one call pays for its retries.
///
/// The tokens of a retry that is not made go back: where another guard refuses it, and where the call
/// is dropped, cancelled or unwound by a panic before the try begins.
#[derive(Debug)]
pub struct Pays<B: Handle<Budget>> {
    budget: B,
    state: CallGuards,
}

impl<B: Handle<Budget>> Pays<B> {
    /// Pays out of `budget`.
    #[inline]
    pub const fn new(budget: B) -> Self {
        Self { budget, state: CallGuards::new() }
    }
}

impl<B: Handle<Budget>> Guarding for Pays<B> {
    type Rejection = NoRejection;
    const IS_EMPTY: bool = false;

    #[inline]
    fn handle_start(&mut self, clock: &impl Clock) -> Result<(), NoRejection> {
        // Without a breaker nothing rejects.
        let _ = self.state.handle_start(self.budget.guard(), None, now_on(clock.timeline()));
        Ok(())
    }

    #[inline]
    fn handle_try(&mut self, _: &impl Clock) {
        self.state.handle_try();
    }

    #[inline]
    fn handle_settled(&mut self, clock: &impl Clock, verdict: Verdict, health: Option<Health>) {
        let (budget, now) = (self.budget.guard(), now_on(clock.timeline()));
        let mut draws = CallDraws::UNSEEDED;
        self.state.handle_settled(budget, None, verdict, health, now, &mut draws);
    }

    #[inline]
    fn handle_retry(
        &mut self,
        clock: &impl Clock,
        cost: Cost,
        wait: Seconds,
    ) -> Result<(), Reason> {
        let now = now_on(clock.timeline());
        let paid = self.state.handle_retry(self.budget.guard(), None, cost, wait, now);
        self.budget.notify();
        paid
    }

    #[inline]
    fn handle_resume(&mut self, clock: &impl Clock) -> bool {
        self.state.handle_resume(self.budget.guard(), None, now_on(clock.timeline())).is_ok()
    }

    #[inline]
    fn handle_abandoned(&mut self) {
        self.state.handle_abandoned(self.budget.guard(), None);
    }
}

impl<B: Handle<Budget>> Drop for Pays<B> {
    fn drop(&mut self) {
        self.handle_abandoned();
    }
}
