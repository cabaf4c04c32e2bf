//! The way in: which calls a breaker admits.

use super::Breaker;
use super::permit::{Open, Permit};
use super::probes::Probe;
use super::time::{NEVER, floor_millis, open_until, until};
use super::word::{Mode, Word};
use crate::Moment;

impl Breaker {
    /// Looks whether [`admit_at`](Self::admit_at) would admit a call, without taking or counting anything.
    ///
    /// # Errors
    ///
    /// The breaker would reject the call.
    #[inline]
    pub fn check_at<M: Into<Moment>>(&self, now: impl FnOnce() -> M) -> Result<(), Open> {
        let word = self.load();
        if word.mode() == Mode::Closed || self.rules.dry_run {
            return Ok(());
        }
        self.check_unless_closed(word, self.moment(now))
    }

    /// Asks for a call. The permit goes to [`settle_at`](Self::settle_at), however the call ends; where the call
    /// has made the breaker half-open, the permit carries that [change](Permit::change).
    ///
    /// # Errors
    ///
    /// The breaker rejects the call.
    #[inline(always)]
    #[allow(
        clippy::inline_always,
        reason = "a driver has one such place, and a closed breaker is to cost a load"
    )]
    pub fn admit_at<M: Into<Moment>>(&self, now: impl FnOnce() -> M) -> Result<Permit, Open> {
        self.admit_by(|| self.moment(now))
    }

    /// Admits a call by a moment that [`moment`](Self::moment) has made.
    #[inline(always)]
    #[allow(
        clippy::inline_always,
        reason = "a driver has one such place, and a closed breaker is to cost a load"
    )]
    pub(crate) fn admit_by(&self, now: impl FnOnce() -> Moment) -> Result<Permit, Open> {
        let word = self.load();
        if word.mode() == Mode::Closed {
            return Ok(Permit::closed(word.generation()));
        }
        let now = now();
        self.admit_unless_closed(word, now).map_err(|until| open_until(until, now))
    }

    #[cold]
    fn check_unless_closed(&self, word: Word, now: Moment) -> Result<(), Open> {
        match word.mode() {
            Mode::Open if self.is_waiting(word, now) => Err(open_until(word.payload(), now)),
            Mode::HalfOpen => {
                let held = self.state.probes.first_expiry(
                    self.rules.probes,
                    word.generation(),
                    floor_millis(now),
                );
                held.map_or(Ok(()), |expiry| Err(open_until(expiry, now)))
            }
            Mode::Isolated => Err(open_until(NEVER, now)),
            Mode::Closed | Mode::Open => Ok(()),
        }
    }

    /// The error is the millisecond until which the breaker is open.
    #[cold]
    #[inline(never)]
    fn admit_unless_closed(&self, word: Word, now: Moment) -> Result<Permit, u64> {
        let until = if word.mode() == Mode::Open && self.is_waiting(word, now) {
            word.payload()
        } else {
            match self.admit_unless_open(now) {
                Ok(permit) => return Ok(permit),
                Err(until) => until,
            }
        };
        self.count(|counters| &counters.rejected);
        if self.rules.dry_run { Ok(Permit::DRY_RUN) } else { Err(until) }
    }

    #[inline(never)]
    fn admit_unless_open(&self, now: Moment) -> Result<Permit, u64> {
        loop {
            let word = self.load();
            match word.mode() {
                Mode::Closed => return Ok(Permit::closed(word.generation())),
                Mode::Isolated => return Err(NEVER),
                Mode::Open if self.is_waiting(word, now) => return Err(word.payload()),
                Mode::Open => {
                    let half_open = word.next(Mode::HalfOpen, word.reopened(), 0);
                    self.change(|old| (old == word).then_some(half_open));
                }
                Mode::HalfOpen => {
                    let expiry = until(now, self.rules.probe_timeout);
                    let (most, generation) = (self.rules.probes, word.generation());
                    let taken = self.state.probes.take(most, generation, floor_millis(now), expiry);
                    // A place that was taken too late keeps no probe out.
                    if self.load().generation() == generation {
                        return taken.map(|probe| Permit::probe(probe, self.is_first(probe)));
                    }
                }
            }
        }
    }

    /// Returns whether this probe is the first of its generation, so that its permit reports the change; it is
    /// counted as that.
    fn is_first(&self, probe: Probe) -> bool {
        let is_first = |old: Word| old.generation() == probe.generation() && old.payload() == 0;
        self.change(|old| is_first(old).then(|| old.with_payload(1))).is_some()
    }
}
