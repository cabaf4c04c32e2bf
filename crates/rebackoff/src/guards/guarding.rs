//! The protocol of the guards of one call, alone and together.

use rebackoff_core::{Cost, Health, Reason, Seconds, Verdict};

use super::{NoRejection, Rejection};
use crate::Clock;

/// The guards of one call: none, a budget, a breaker, or [`Several`].
///
/// A driver calls the methods in the order in which they stand here. A value that is dropped before
/// its call has ended gives back what it holds.
pub trait Guarding {
    /// The rejection of a call; [`NoRejection`] without a breaker.
    type Rejection: Rejection;

    /// True where there is no guard.
    const IS_EMPTY: bool;

    /// Asks for the first try.
    ///
    /// # Errors
    ///
    /// A breaker rejects the call.
    fn handle_start(&mut self, clock: &impl Clock) -> Result<(), Self::Rejection>;

    /// Begins a try.
    fn handle_try(&mut self, clock: &impl Clock);

    /// Settles a try that ended with `verdict`; `health` overrides the verdict for breakers.
    fn handle_settled(&mut self, clock: &impl Clock, verdict: Verdict, health: Option<Health>);

    /// Asks for a retry after `wait`.
    ///
    /// # Errors
    ///
    /// A guard refuses it, for this reason.
    fn handle_retry(&mut self, clock: &impl Clock, cost: Cost, wait: Seconds)
    -> Result<(), Reason>;

    /// Resumes after the wait. Returns whether the retry may begin.
    fn handle_resume(&mut self, clock: &impl Clock) -> bool;

    /// Abandons the try that was admitted or paid for.
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
    type Rejection = <B::Rejection as Rejection>::After<A::Rejection>;
    const IS_EMPTY: bool = A::IS_EMPTY && B::IS_EMPTY;

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a call that goes through memory costs twice as much")]
    fn handle_start(&mut self, clock: &impl Clock) -> Result<(), Self::Rejection> {
        self.0.handle_start(clock).map_err(B::Rejection::before)?;
        self.1.handle_start(clock).map_err(|rejection| {
            self.0.handle_abandoned();
            rejection.after()
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
