//! The way out: what a breaker learns from the calls that it admitted.

use core::cell::LazyCell;

use super::permit::Permit;
use super::probes::Probe;
use super::rates::{Rates, Trip};
use super::state::{Health, StateChange};
use super::time::{floor_millis, period, until};
use super::word::{MAX_REOPENED, Mode, Word};
use super::{Breaker, Rules};
use crate::atomic::{Ordering, fence};
use crate::wait::power;
use crate::{Draws, Moment, Seconds};

impl Breaker {
    /// Takes a permit back, with the health of the target that the call has seen. Returns the change of
    /// state that the call has made.
    ///
    /// `took` is asked only where slow calls count; a draw is taken only where the breaker opens and has
    /// a jitter.
    #[inline(always)]
    #[allow(
        clippy::inline_always,
        reason = "a driver has one such place, and a success is to cost a load"
    )]
    pub fn settle_at<M: Into<Moment>>(
        &self,
        permit: Permit,
        health: Health,
        took: impl FnOnce() -> Seconds,
        now: impl FnOnce() -> M,
        draws: &mut impl Draws,
    ) -> Option<StateChange> {
        let now = || self.moment(now);
        let Some(generation) = permit.generation() else {
            return self.settle_probe(permit.to_probe()?, health, took, now, draws);
        };
        match (&self.rules.trip, health) {
            (_, Health::Neutral) => None,
            (Trip::Consecutive(_), Health::Success) => {
                self.end_failures(generation);
                None
            }
            (Trip::Consecutive(most), Health::Failure) => {
                self.count_failure(generation, *most, now, draws)
            }
            (Trip::Rates(rates), _) => self.count_call(rates, generation, health, took, now, draws),
        }
    }

    /// Takes a permit back whose call has seen nothing of the target.
    #[inline]
    pub(crate) fn abandon(&self, permit: Permit, now: Moment) {
        if let Some(probe) = permit.to_probe() {
            self.release(probe, now);
        }
    }

    #[cold]
    #[inline(never)]
    fn release(&self, probe: Probe, now: Moment) -> bool {
        self.state.probes.release(probe, floor_millis(now))
    }

    /// Ends a row of failures. Without one, it is a load.
    #[inline]
    fn end_failures(&self, generation: u16) {
        if self.load().payload() != 0 {
            self.end_row(generation);
        }
    }

    #[cold]
    #[inline(never)]
    fn end_row(&self, generation: u16) {
        self.change(|old| {
            (old.payload() != 0 && is_closed(old, generation)).then(|| old.with_payload(0))
        });
    }

    #[cold]
    fn count_failure(
        &self,
        generation: u16,
        most: u32,
        now: impl FnOnce() -> Moment,
        draws: &mut impl Draws,
    ) -> Option<StateChange> {
        let until = LazyCell::new(|| until(now(), self.open_time(0, draws)));
        let change = self.change(|old| {
            let failures = old.payload() + 1;
            is_closed(old, generation).then(|| {
                if failures < u64::from(most) {
                    old.with_payload(failures)
                } else {
                    old.next(Mode::Open, 0, *until)
                }
            })
        })?;
        self.count(|counters| &counters.failures);
        change.of_state()
    }

    /// Counts a call into the window, and opens if it was one too many.
    fn count_call(
        &self,
        rates: &Rates,
        generation: u16,
        health: Health,
        took: impl FnOnce() -> Seconds,
        now: impl FnOnce() -> Moment,
        draws: &mut impl Draws,
    ) -> Option<StateChange> {
        if !is_closed(self.load(), generation) {
            return None;
        }
        let now = LazyCell::new(now);
        let failed = health == Health::Failure;
        let slow = rates.longer_than.is_some_and(|longer_than| took() > longer_than);
        let period = period(generation);
        let window = &self.state.window;
        let is_current = || is_closed(self.load(), generation);
        let Some(slice) = window.add(rates.span, period, is_current, || now.nanos()) else {
            if window.is_used_up(rates.span, period) {
                self.change(|old| is_closed(old, generation).then(|| old.next(Mode::Closed, 0, 0)));
            }
            return None;
        };
        if !failed && !slow {
            return None;
        }
        if failed {
            self.count(|counters| &counters.failures);
            window.add_failure(slice, is_current);
        }
        if slow {
            window.add_slow(slice, is_current);
        }
        // Of two that are counted at once, at least one sees both.
        fence(Ordering::SeqCst);
        if rates.are_reached(window.counts(rates.span, period, || now.nanos())) {
            let until = LazyCell::new(|| until(*now, self.open_time(0, draws)));
            let open = |old: Word| old.next(Mode::Open, 0, *until);
            return self.change(|old| is_closed(old, generation).then(|| open(old)))?.of_state();
        }
        None
    }

    #[cold]
    fn settle_probe(
        &self,
        probe: Probe,
        health: Health,
        took: impl FnOnce() -> Seconds,
        now: impl FnOnce() -> Moment,
        draws: &mut impl Draws,
    ) -> Option<StateChange> {
        let now = now();
        if !self.release(probe, now) || health == Health::Neutral {
            return None;
        }
        let generation = probe.generation();
        let is_current =
            |word: Word| word.mode() == Mode::HalfOpen && word.generation() == generation;
        let slow = match &self.rules.trip {
            Trip::Rates(Rates { longer_than: Some(longer_than), .. }) => took() > *longer_than,
            _ => false,
        };
        if health == Health::Failure || slow {
            // Nothing changes how often it re-opened while it is half-open.
            let reopened = self.load().reopened() + 1;
            let until = LazyCell::new(|| until(now, self.open_time(reopened, draws)));
            let reopens = |old: Word| old.next(Mode::Open, reopened, *until);
            let change = self.change(|old| is_current(old).then(|| reopens(old)))?;
            if health == Health::Failure {
                self.count(|counters| &counters.failures);
            }
            change.of_state()
        } else {
            let change = self.change(|old| {
                let tried = old.payload();
                is_current(old).then(|| {
                    if tried < u64::from(self.rules.close_after) {
                        old.with_payload(tried + 1)
                    } else {
                        old.next(Mode::Closed, 0, 0)
                    }
                })
            });
            change?.of_state()
        }
    }

    /// The time to stay open, after `reopened` times without having closed.
    fn open_time(&self, reopened: u64, draws: &mut impl Draws) -> Seconds {
        let Rules { open_for, growth, max_open_for, jitter, .. } = self.rules;
        let grown = open_for.get() * power(growth, reopened.min(MAX_REOPENED));
        jitter.spread(Seconds::capped(grown, max_open_for), || max_open_for, draws)
    }
}

#[inline]
fn is_closed(word: Word, generation: u16) -> bool {
    word.mode() == Mode::Closed && word.generation() == generation
}
