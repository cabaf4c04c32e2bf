use rebackoff_core::{
    Breaker, CallGuards, Cost, Health, Open, Reason, Seconds, StateChange, Verdict,
};

use super::{Guarding, Handle, OpenOr, Rejection, now_on};
use crate::Clock;
use crate::random::CallDraws;

/// A breaker that one call asks before each of its tries.
///
/// A permit that is held when the call is dropped, cancelled or unwound by a panic goes back, and is
/// neutral for the breaker.
#[derive(Debug)]
pub struct Asks<B: Handle<Breaker>, D = ByOutcome> {
    breaker: B,
    on_rejection: D,
    state: CallGuards,
}

impl<B: Handle<Breaker>, D> Asks<B, D> {
    /// Asks `breaker`; `on_rejection` makes the outcome of a call that it rejects.
    #[inline]
    pub const fn new(breaker: B, on_rejection: D) -> Self {
        Self { breaker, on_rejection, state: CallGuards::new() }
    }

    /// Asks for the first try.
    ///
    /// # Errors
    ///
    /// The breaker rejects the call.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a call that goes through memory costs twice as much")]
    pub(crate) fn admit(&mut self, clock: &impl Clock) -> Result<(), Open> {
        let now = now_on(clock.timeline());
        let change = self.state.handle_start(None, self.breaker.guard(), now)?;
        self.notify(change);
        Ok(())
    }

    #[inline]
    fn notify(&self, change: Option<StateChange>) {
        if change.is_some() {
            self.breaker.notify();
        }
    }
}

impl<B: Handle<Breaker>, D: OnRejection> Guarding for Asks<B, D> {
    type Rejection = D::Rejection;
    const IS_EMPTY: bool = false;

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a call that goes through memory costs twice as much")]
    fn handle_start(&mut self, clock: &impl Clock) -> Result<(), D::Rejection> {
        self.admit(clock).map_err(|open| self.on_rejection.reject(open))
    }

    #[inline]
    fn handle_try(&mut self, _: &impl Clock) {
        self.state.handle_try();
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a call that goes through memory costs twice as much")]
    fn handle_settled(&mut self, clock: &impl Clock, verdict: Verdict, health: Option<Health>) {
        let (breaker, now) = (self.breaker.guard(), now_on(clock.timeline()));
        let mut draws = CallDraws::UNSEEDED;
        let change = self.state.handle_settled(None, breaker, verdict, health, now, &mut draws);
        self.notify(change);
    }

    #[inline]
    fn handle_retry(
        &mut self,
        clock: &impl Clock,
        cost: Cost,
        wait: Seconds,
    ) -> Result<(), Reason> {
        let now = now_on(clock.timeline());
        self.state.handle_retry(None, self.breaker.guard(), cost, wait, now)
    }

    #[inline]
    fn handle_resume(&mut self, clock: &impl Clock) -> bool {
        let now = now_on(clock.timeline());
        let resumed = self.state.handle_resume(None, self.breaker.guard(), now);
        resumed.map(|change| self.notify(change)).is_ok()
    }

    #[inline]
    fn handle_abandoned(&mut self) {
        self.state.handle_abandoned(None, self.breaker.guard());
    }
}

impl<B: Handle<Breaker>, D> Drop for Asks<B, D> {
    #[inline]
    fn drop(&mut self) {
        self.state.handle_abandoned(None, self.breaker.guard());
    }
}

/// Makes the rejection of a call: [`ByOutcome`] or [`ByFunction`].
pub trait OnRejection {
    /// The rejection.
    type Rejection: Rejection;

    /// The rejection of a call by a breaker that is `open`.
    fn reject(&self, open: Open) -> Self::Rejection;
}

/// Makes the outcome by its own type, an error by [`FromOpen`](super::FromOpen).
#[derive(Clone, Copy, Debug)]
pub struct ByOutcome;

impl OnRejection for ByOutcome {
    type Rejection = Open;

    #[inline]
    fn reject(&self, open: Open) -> Open {
        open
    }
}

/// Makes the outcome with a function of the caller's.
#[derive(Clone, Copy, Debug)]
pub struct ByFunction<F>(pub(crate) F);

impl<F: Clone> OnRejection for ByFunction<F> {
    type Rejection = OpenOr<F>;

    #[inline]
    fn reject(&self, open: Open) -> OpenOr<F> {
        OpenOr { open, outcome: self.0.clone() }
    }
}
