//! The protocol of a budget and a breaker inside one call.

use crate::{
    Breaker, Budget, Cost, Draws, Health, Moment, Open, Permit, Reason, Seconds, StateChange,
    Verdict, Withdrawal,
};

/// The protocol of one optional budget and one optional breaker inside one call: a state machine
/// without outcome, clock or allocation.
///
/// A driver calls the methods in this order, always with the guards of the call:
///
/// | method | when | breaker | budget |
/// |---|---|---|---|
/// | [`handle_start`](Self::handle_start) | before the first try | admits or rejects the call | deposits |
/// | [`handle_try`](Self::handle_try) | a try begins | | |
/// | [`handle_settled`](Self::handle_settled) | a try has ended | counts it, takes the permit back | counts it |
/// | [`handle_retry`](Self::handle_retry) | a retry is wanted | rejects it, if it will still be open after the wait | pays, last of all |
/// | [`handle_resume`](Self::handle_resume) | the wait is over | admits or rejects the retry | |
/// | [`handle_abandoned`](Self::handle_abandoned) | the call ends in any other way | takes the permit back as neutral | takes back what a retry paid that did not begin |
///
/// Each change of the breaker's state that the call makes is returned once, by the method that made it;
/// `handle_abandoned` makes none.
///
/// A call with several budgets or breakers holds one value for each, in order, and abandons the
/// earlier ones when a later one refuses.
///
/// ```
/// use rebackoff_core::{Budget, CallGuards, Cost, Reason, Seconds, Verdict, budget};
///
/// static RETRIES: Budget = budget!(quota(capacity = 10));
///
/// let now = || Seconds::ZERO;
/// let mut guards = CallGuards::new();
/// guards.handle_start(Some(&RETRIES), None, now)?;
/// guards.handle_try();
/// guards.handle_settled(Some(&RETRIES), None, Verdict::Retry, None, now, &mut || 0.5);
/// assert_eq!(guards.handle_retry(Some(&RETRIES), None, Cost::Retry, Seconds::ZERO, now), Ok(()));
/// guards.handle_abandoned(Some(&RETRIES), None); // in the wait: the tokens go back
/// assert_eq!(RETRIES.tokens_at(now), 10.0);
/// # Ok::<(), rebackoff_core::Open>(())
/// ```
#[derive(Debug)]
pub struct CallGuards {
    permit: Option<Permit>,
    /// The moment of the permit, where the breaker asked for it: the try began then, and a call that is
    /// dropped has no clock.
    admitted: Moment,
    paid: Option<Withdrawal>,
    phase: Phase,
}

/// The progress of the current try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// No try is on its way, and nothing is held for one.
    Idle,
    /// A try was admitted or paid for, and has not begun.
    Due,
    /// A try runs.
    Trying,
}

impl Default for CallGuards {
    fn default() -> Self {
        Self::new()
    }
}

impl CallGuards {
    /// The guards of a call that has not begun.
    #[inline]
    pub const fn new() -> Self {
        Self { permit: None, admitted: Moment::ZERO, paid: None, phase: Phase::Idle }
    }

    /// Asks the breaker for the first try; the budget deposits for a call that it admits.
    ///
    /// # Errors
    ///
    /// The breaker rejects the call.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a success in a closed breaker is to cost two loads")]
    pub fn handle_start<M: Into<Moment>>(
        &mut self,
        budget: Option<&Budget>,
        breaker: Option<&Breaker>,
        now: impl Fn() -> M,
    ) -> Result<Option<StateChange>, Open> {
        let change = self.admit(breaker, &now)?;
        if let Some(budget) = budget {
            budget.handle_start_at(now);
        }
        Ok(change)
    }

    /// Begins the admitted try, whose payment is spent from now on.
    #[inline]
    pub const fn handle_try(&mut self) {
        self.phase = Phase::Trying;
    }

    /// Settles a try that ended with `verdict`. `health` overrides the verdict: an accepted outcome and a
    /// permanent failure are successes for the breaker, every other outcome is a failure.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a success in a closed breaker is to cost two loads")]
    pub fn handle_settled<M: Into<Moment>>(
        &mut self,
        budget: Option<&Budget>,
        breaker: Option<&Breaker>,
        verdict: Verdict,
        health: Option<Health>,
        now: impl Fn() -> M,
        draws: &mut impl Draws,
    ) -> Option<StateChange> {
        self.refund_unless_begun(budget);
        let mut change = None;
        if let (Some(breaker), Some(permit)) = (breaker, self.permit.take()) {
            let health = health.unwrap_or(match verdict {
                Verdict::Accept | Verdict::GiveUp => Health::Success,
                Verdict::Retry | Verdict::RetryAfter(_) | Verdict::Stop => Health::Failure,
            });
            let admitted = self.admitted;
            let took = || breaker.moment(&now).since(admitted);
            change = breaker.settle_at(permit, health, took, &now, draws);
        }
        if let Some(budget) = budget {
            match verdict {
                Verdict::Accept => budget.handle_success(self.paid.take()),
                Verdict::GiveUp => {}
                Verdict::Retry | Verdict::RetryAfter(_) | Verdict::Stop => budget.handle_failure(),
            }
        }
        change
    }

    /// Asks for a retry after `wait`: the breaker is looked at, then the budget pays `cost`, so that
    /// nothing is spent on a rejection.
    ///
    /// # Errors
    ///
    /// [`Reason::Breaker`] where the breaker will still be open after the wait, [`Reason::Budget`]
    /// where the budget has too few tokens.
    #[inline]
    pub fn handle_retry<M: Into<Moment>>(
        &mut self,
        budget: Option<&Budget>,
        breaker: Option<&Breaker>,
        cost: Cost,
        wait: Seconds,
        now: impl Fn() -> M,
    ) -> Result<(), Reason> {
        self.refund_unless_begun(budget);
        self.paid = None;
        match breaker.map_or(Ok(()), |breaker| breaker.check_at(&now)) {
            Err(Open { retry_in }) if retry_in.is_none_or(|retry_in| retry_in > wait) => {
                return Err(Reason::Breaker);
            }
            _ => {}
        }
        if let Some(budget) = budget {
            self.paid = Some(budget.withdraw_at(cost, now).map_err(|_| Reason::Budget)?);
        }
        self.phase = Phase::Due;
        Ok(())
    }

    /// Asks the breaker for the retry, now that its wait is over.
    ///
    /// # Errors
    ///
    /// The breaker rejects the retry, and the budget has got its tokens back.
    #[inline]
    pub fn handle_resume<M: Into<Moment>>(
        &mut self,
        budget: Option<&Budget>,
        breaker: Option<&Breaker>,
        now: impl Fn() -> M,
    ) -> Result<Option<StateChange>, Open> {
        self.admit(breaker, &now).inspect_err(|_| self.handle_abandoned(budget, breaker))
    }

    /// Gives back what the call holds for a try that did not begin or was cut off: the tokens of a retry
    /// that has not begun, and the permit, which is neutral. A second call changes nothing.
    // Small, so that where a panic may begin the call stays in registers up to there.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a call that goes through memory costs twice as much")]
    pub fn handle_abandoned(&mut self, budget: Option<&Budget>, breaker: Option<&Breaker>) {
        if let (Some(breaker), Some(permit)) = (breaker, self.permit.take()) {
            breaker.abandon(permit, self.admitted);
        }
        self.refund_unless_begun(budget);
    }

    /// Gives back what was paid for a retry that has not begun. No try is on its way then.
    #[inline]
    fn refund_unless_begun(&mut self, budget: Option<&Budget>) {
        if let (Some(budget), Phase::Due) = (budget, self.phase) {
            if let Some(paid) = self.paid.take() {
                budget.refund(paid);
            }
        }
        self.phase = Phase::Idle;
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a success in a closed breaker is to cost two loads")]
    fn admit<M: Into<Moment>>(
        &mut self,
        breaker: Option<&Breaker>,
        now: impl Fn() -> M,
    ) -> Result<Option<StateChange>, Open> {
        let mut change = None;
        if let Some(breaker) = breaker {
            let admitted = &mut self.admitted;
            let permit = breaker.admit_by(|| {
                *admitted = breaker.moment(&now);
                *admitted
            })?;
            if breaker.is_timed() {
                *admitted = breaker.moment(now);
            }
            change = permit.change();
            self.permit = Some(permit);
        }
        self.phase = Phase::Due;
        Ok(change)
    }
}
