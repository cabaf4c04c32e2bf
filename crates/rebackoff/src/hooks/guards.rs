//! Budgets and breakers, as hooks of a call.

use std::borrow::Borrow;
use std::marker::PhantomData;
use std::task::Poll;
use std::time::Duration;

use rebackoff_core::{Breaker, Budget, Cost, Health, Open, Permit, Seconds, Verdict, Withdrawal};

use super::Hook;
use crate::random::CallDraws;
use crate::scope;
use crate::{Clock, Timeline};

/// Pays for retries out of a budget.
///
/// A retry that was paid for and is not made, because another guard refused it, or because the call is
/// dropped, cancelled or unwound by a panic in the wait, gets its tokens back.
#[derive(Debug)]
pub struct Spends<B: Borrow<Budget>, O> {
    budget: B,
    last: Option<Withdrawal>,
    stage: Stage,
    of: PhantomData<fn(&O)>,
}

/// What has become of the retry that was paid for last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It is waited for.
    Waiting,
    /// The wait is over; whether it begins is for the other guards to say.
    Due,
    /// It has ended, or there is none.
    Settled,
}

impl<B: Borrow<Budget>, O> Spends<B, O> {
    /// Pays out of `budget`.
    pub const fn of(budget: B) -> Self {
        Self { budget, last: None, stage: Stage::Settled, of: PhantomData }
    }

    #[inline]
    fn refund(&mut self) {
        self.stage = Stage::Settled;
        if let Some(paid) = self.last.take() {
            self.budget.borrow().refund(paid);
        }
    }
}

/// Nothing was paid for the clone.
impl<B: Borrow<Budget> + Clone, O> Clone for Spends<B, O> {
    fn clone(&self) -> Self {
        Self::of(self.budget.clone())
    }
}

impl<O, B: Borrow<Budget>> Hook<O> for Spends<B, O> {
    const TIMED: bool = false;

    #[inline]
    fn start<C: Clock>(&mut self, clock: &C) {
        if self.stage == Stage::Waiting {
            // Of a call that was cancelled, where this is lent to one after the other.
            self.refund();
        }
        self.last = None;
        self.budget.borrow().handle_start(|| clock.timeline().now());
    }

    #[inline]
    fn settle<C: Clock>(&mut self, _: &C, verdict: Verdict, _: Option<Health>) {
        self.stage = Stage::Settled;
        match verdict {
            Verdict::Accept => self.budget.borrow().handle_success(self.last.take()),
            Verdict::GiveUp => {}
            Verdict::Retry | Verdict::RetryAfter(_) | Verdict::Stop => {
                self.budget.borrow().handle_failure();
            }
        }
    }

    #[inline]
    fn pay<C: Clock>(&mut self, clock: &C, cost: Cost) -> bool {
        let paid = self.budget.borrow().withdraw(cost, || clock.timeline().now());
        self.last = paid.ok();
        self.stage = if self.last.is_some() { Stage::Waiting } else { Stage::Settled };
        self.last.is_some()
    }

    #[inline]
    fn readmit<C: Clock>(&mut self, _: &C) -> bool {
        if self.stage == Stage::Waiting {
            self.stage = Stage::Due;
        }
        true
    }

    #[inline]
    fn release(&mut self) {
        if self.stage != Stage::Settled {
            self.refund();
        }
    }
}

impl<B: Borrow<Budget>, O> Drop for Spends<B, O> {
    fn drop(&mut self) {
        if self.stage == Stage::Waiting {
            self.refund();
        }
    }
}

/// Asks a breaker before each try, and tells it how the try went.
///
/// A permit that is still held when the call is dropped, cancelled or unwound by a panic goes back
/// and says nothing of the target.
#[derive(Debug)]
pub struct Asks<B: Borrow<Breaker>, O, D = Convert> {
    breaker: B,
    door: D,
    held: Option<Held>,
    /// Whether a breaker inside has rejected the try that runs, as of its last poll.
    rejected: bool,
    kept: Option<O>,
}

/// The permit of the try that runs.
#[derive(Debug)]
struct Held {
    permit: Permit,
    /// When the try began, where that counts.
    began: Duration,
    timeline: Timeline,
}

impl<B: Borrow<Breaker>, O> Asks<B, O> {
    /// Asks `breaker`; a call that it does not let through gives what [`Rejected`] makes.
    pub const fn of(breaker: B) -> Self {
        Self::new(breaker, Convert)
    }
}

impl<B: Borrow<Breaker>, O, D> Asks<B, O, D> {
    /// Asks `breaker`; `door` makes what a call gives that it does not let through.
    pub const fn new(breaker: B, door: D) -> Self {
        Self { breaker, door, held: None, rejected: false, kept: None }
    }

    /// Asks for a try.
    #[inline]
    pub(crate) fn ask<C: Clock>(&mut self, clock: &C) -> Result<(), Open> {
        // Of a call that was cancelled, where this is lent to one after the other.
        self.settle_as(Health::Neutral);
        self.rejected = false;
        scope::note_rejected(false);
        let timeline = clock.timeline();
        let breaker = self.breaker.borrow();
        let permit = breaker.admit(|| timeline.now())?;
        let began = if breaker.is_timed() { timeline.now() } else { Duration::ZERO };
        self.held = Some(Held { permit, began, timeline });
        Ok(())
    }

    #[inline]
    fn settle_as(&mut self, health: Health) {
        if let Some(Held { permit, began, timeline }) = self.held.take() {
            let now = || timeline.now();
            let took = || Seconds::from_duration(now().saturating_sub(began));
            let mut draws = CallDraws::UNSEEDED;
            self.breaker.borrow().settle(permit, health, took, now, &mut draws);
        }
    }
}

impl<O, B: Borrow<Breaker>, D: Door<O>> Hook<O> for Asks<B, O, D> {
    const TIMED: bool = false;

    #[inline]
    fn admit<C: Clock>(&mut self, clock: &C) -> Result<(), O> {
        match self.ask(clock) {
            Ok(()) => Ok(()),
            Err(open) => self.door.refuse(open).map_or(Ok(()), Err),
        }
    }

    /// Other tasks run on this thread between the polls.
    #[inline]
    fn poll<T>(&mut self, poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
        let around = scope::note_rejected(self.rejected);
        let polled = poll();
        if polled.is_pending() {
            self.rejected = scope::note_rejected(around);
        }
        polled
    }

    #[inline]
    fn settle<C: Clock>(&mut self, _: &C, verdict: Verdict, health: Option<Health>) {
        if verdict == Verdict::Accept {
            // The target had something to fall back on.
            scope::note_rejected(false);
        }
        self.settle_as(health.unwrap_or(match verdict {
            // Whoever is refused for good was answered all the same.
            Verdict::Accept | Verdict::GiveUp => Health::Success,
            Verdict::Retry | Verdict::RetryAfter(_) | Verdict::Stop => Health::Failure,
        }));
    }

    #[inline]
    fn check<C: Clock>(&mut self, clock: &C, wait: Seconds) -> bool {
        match self.breaker.borrow().check(|| clock.timeline().now()) {
            Ok(()) => true,
            Err(Open { retry_in }) => retry_in.is_some_and(|retry_in| retry_in <= wait),
        }
    }

    #[inline]
    fn keep(&mut self, outcome: O) -> Option<O> {
        self.kept = Some(outcome);
        None
    }

    #[inline]
    fn give_back(&mut self) -> Option<O> {
        self.kept.take()
    }

    #[inline]
    fn readmit<C: Clock>(&mut self, clock: &C) -> bool {
        self.ask(clock).is_ok()
    }

    #[inline]
    fn release(&mut self) {
        self.settle_as(Health::Neutral);
    }
}

impl<B: Borrow<Breaker>, O, D> Drop for Asks<B, O, D> {
    fn drop(&mut self) {
        self.settle_as(Health::Neutral);
    }
}

/// Makes what a call gives that a breaker does not let through: a function of [`Open`], or
/// [`Convert`].
#[diagnostic::on_unimplemented(
    message = "`{O}` cannot say that a breaker is open",
    note = "implement `From<rebackoff::Open>` for the error, or say what the call gives with \
            `.breaker_or(breaker, |open| …)`, in an attribute with `rejected = |open| …`"
)]
pub trait Door<O> {
    /// What the call gives; `None` where the breaker was asked before.
    fn refuse(&mut self, open: Open) -> Option<O>;
}

impl<O, F: FnMut(Open) -> O> Door<O> for F {
    #[inline]
    fn refuse(&mut self, open: Open) -> Option<O> {
        Some(self(open))
    }
}

/// Makes it with [`Rejected`].
#[derive(Clone, Copy, Debug)]
pub struct Convert;

impl<O: Rejected> Door<O> for Convert {
    #[inline]
    fn refuse(&mut self, open: Open) -> Option<O> {
        Some(O::rejected(open))
    }
}

/// A call that was let through before.
#[derive(Clone, Copy, Debug)]
pub struct Admitted;

impl<O> Door<O> for Admitted {
    #[inline]
    fn refuse(&mut self, _: Open) -> Option<O> {
        None
    }
}

/// What a call can give when a breaker lets it ask nobody: an error that is made of [`Open`], or
/// `None`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot say that a breaker is open",
    note = "implement `From<rebackoff::Open>` for the error, or say what the call gives with \
            `.breaker_or(breaker, |open| …)`, in an attribute with `rejected = |open| …`"
)]
pub trait Rejected {
    /// What the call gives.
    fn rejected(open: Open) -> Self;
}

impl<T, E: From<Open>> Rejected for Result<T, E> {
    fn rejected(open: Open) -> Self {
        Err(open.into())
    }
}

impl<T> Rejected for Option<T> {
    fn rejected(_: Open) -> Self {
        None
    }
}

/// Takes from a function what an outcome says of the health of the target.
#[derive(Clone, Copy, Debug)]
pub struct Counts<C>(pub C);

impl<O, C: FnMut(&O) -> Health> Hook<O> for Counts<C> {
    const TIMED: bool = false;

    #[inline]
    fn health(&mut self, outcome: &O) -> Option<Health> {
        Some((self.0)(outcome))
    }
}

/// Takes from a function what a retry after an outcome costs.
#[derive(Clone, Copy, Debug)]
pub struct Costs<C>(pub C);

impl<O, C: FnMut(&O) -> Cost> Hook<O> for Costs<C> {
    const TIMED: bool = false;

    #[inline]
    fn cost(&mut self, outcome: &O) -> Option<Cost> {
        Some((self.0)(outcome))
    }
}
