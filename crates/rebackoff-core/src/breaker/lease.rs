//! Probes by lease: an outer store decides when a breaker opens, and which member of a fleet probes.

use core::time::Duration;

use super::Breaker;
use super::builder::MONTH;
use super::rates::{Rates, Trip};
use super::state::StateChange;
use super::time::{floor_millis, is_before};
use super::window::Span;
use super::word::{Mode, Word};
use crate::slices::SLICES;
use crate::{Moment, Seconds};

/// The end of the open time of a breaker that may admit a probe.
const LEASED: u64 = 0;

/// An end of the open time that has passed.
const PASSED: u64 = 1;

impl Breaker {
    /// The number of times that the breaker re-opened since it was last closed, up to 63.
    pub fn reopened(&self) -> u64 {
        self.load().reopened()
    }

    /// The most probes at once.
    pub const fn probes(&self) -> u8 {
        self.rules.probes
    }

    /// The open time, before growth and jitter.
    pub const fn open_for(&self) -> Seconds {
        self.rules.open_for
    }

    /// The longest time of all probes of one half-open state, one after another.
    pub fn probe_time(&self) -> Seconds {
        Seconds::capped(self.rules.probe_timeout.get() * f64::from(self.rules.close_after), MONTH)
    }

    /// The time over which rates are counted, where that is a time.
    pub const fn window_time(&self) -> Option<Seconds> {
        match self.rules.trip {
            Trip::Rates(Rates { span: Span::Time { slice }, .. }) => {
                Some(Seconds::from_duration(Duration::from_nanos(slice * SLICES)))
            }
            _ => None,
        }
    }

    /// Opens the breaker until that moment, as one that re-opened `reopened` times, whatever its state.
    /// Returns the change of state, if there is one.
    pub fn open_until<M: Into<Moment>>(&self, until: M, reopened: u64) -> Option<StateChange> {
        let until = floor_millis(until.into()).max(PASSED);
        let open = |old: Word| match old.mode() {
            Mode::Open => old.with_reopened(reopened).with_payload(until),
            _ => old.next(Mode::Open, reopened, until),
        };
        self.change(|old| Some(open(old)))?.of_state()
    }

    /// Lets an open breaker with [`leased_probes`](crate::BreakerBuilder::leased_probes) admit probes
    /// from now on. Returns whether the breaker was open.
    pub fn lease_probe(&self) -> bool {
        self.change(|old| (old.mode() == Mode::Open).then(|| old.with_payload(LEASED))).is_some()
    }

    /// Takes back the lease of an open breaker that has admitted no probe. Returns whether there was such
    /// a lease.
    pub fn return_probe(&self) -> bool {
        self.change(|old| self.is_leased(old).then(|| old.with_payload(PASSED))).is_some()
    }

    /// Returns whether an open breaker rejects calls at that moment.
    #[inline]
    pub(super) fn is_waiting(&self, open: Word, now: Moment) -> bool {
        is_before(now, open.payload()) || self.rules.leased_probes && open.payload() != LEASED
    }

    fn is_leased(&self, word: Word) -> bool {
        self.rules.leased_probes && word.mode() == Mode::Open && word.payload() == LEASED
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::{BreakerState, Health, secs};

    fn breaker() -> Breaker {
        let breaker = Breaker::builder().consecutive(1).open_for(secs(1)).growth(2.0);
        breaker.leased_probes(true).build().unwrap()
    }

    fn at(seconds: u64) -> impl Fn() -> Moment {
        move || secs(seconds).into()
    }

    #[test]
    fn a_breaker_with_leased_probes_stays_open_until_it_gets_a_lease() {
        let breaker = breaker();
        assert!(!breaker.lease_probe());
        let permit = breaker.admit_at(at(0)).unwrap();
        breaker.settle_at(permit, Health::Failure, || Seconds::ZERO, at(0), &mut || 0.0);
        assert_eq!(breaker.admit_at(at(9)).unwrap_err().retry_in, Some(Seconds::ZERO));
        assert_eq!(breaker.check_at(at(9)).unwrap_err().retry_in, Some(Seconds::ZERO));
        assert_eq!(breaker.state_at(at(9)), BreakerState::Open);

        assert!(breaker.lease_probe());
        let probe = breaker.admit_at(at(9)).unwrap();
        assert!(breaker.admit_at(at(9)).is_err());
        breaker.settle_at(probe, Health::Success, || Seconds::ZERO, at(9), &mut || 0.0);
        assert_eq!(breaker.state_at(at(9)), BreakerState::Closed);
    }

    #[test]
    fn a_lease_without_a_probe_can_be_taken_back() {
        let breaker = breaker();
        breaker.open_until(secs(2), 0);
        assert!(!breaker.return_probe());
        breaker.lease_probe();
        assert!(breaker.return_probe());
        assert!(breaker.admit_at(at(9)).is_err());

        breaker.lease_probe();
        let _probe = breaker.admit_at(at(9)).unwrap();
        assert!(!breaker.return_probe());
        assert_eq!(breaker.state_at(at(9)), BreakerState::HalfOpen);
    }

    #[test]
    fn an_open_breaker_is_not_opened_by_a_lease_or_the_news_of_the_fleet() {
        let breaker = breaker();
        breaker.force_open_at(at(0));
        breaker.open_until(secs(2), 0);
        breaker.lease_probe();
        breaker.return_probe();
        assert_eq!(breaker.opened(), 1);
    }

    #[test]
    fn a_breaker_opened_from_outside_grows_on_from_its_re_openings() {
        let breaker = breaker();
        breaker.open_until(secs(2), 2);
        breaker.lease_probe();
        let probe = breaker.admit_at(at(2)).unwrap();
        breaker.settle_at(probe, Health::Failure, || Seconds::ZERO, at(2), &mut || 0.0);
        assert_eq!(breaker.reopened(), 3);
        assert_eq!(
            breaker.check_at(at(2)).unwrap_err().retry_in,
            Some(Seconds::from_duration(secs(8)))
        );
    }
}
