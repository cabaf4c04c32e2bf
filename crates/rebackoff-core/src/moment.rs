//! Moments, as budgets and breakers count time.

use core::time::Duration;

use crate::Seconds;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// A moment on a monotonic clock: the time since any fixed one, in whole nanoseconds, at most 292
/// years, so that what is added to it does not overflow.
///
/// Budgets and breakers take whatever becomes one: a [`Duration`], which costs least, or [`Seconds`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// 2⁶³ − 1 nanoseconds: later moments saturate here.
    pub const MAX: Self = Self(i64::MAX.unsigned_abs());

    /// The origin of the clock.
    pub const ZERO: Self = Self(0);

    /// The nanoseconds.
    #[inline]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// The time since `earlier`; zero where the clock went back.
    pub const fn since(self, earlier: Self) -> Seconds {
        Seconds::from_duration(Duration::from_nanos(self.0.saturating_sub(earlier.0)))
    }
}

impl From<Duration> for Moment {
    #[inline]
    fn from(since: Duration) -> Self {
        if since.as_secs() < Self::MAX.0 / NANOS_PER_SECOND {
            Self(since.as_secs() * NANOS_PER_SECOND + u64::from(since.subsec_nanos()))
        } else {
            Self::MAX
        }
    }
}

impl From<Seconds> for Moment {
    #[inline]
    fn from(since: Seconds) -> Self {
        Self(since.to_nanos().min(Self::MAX.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saturates_instead_of_overflowing() {
        assert_eq!(Moment::from(Duration::MAX), Moment::MAX);
        assert_eq!(Moment::from(Seconds::MAX), Moment::MAX);
        assert_eq!(Moment::from(Duration::from_nanos(u64::MAX)), Moment::MAX);
        assert_eq!(Moment::from(Duration::new(7, 5)).nanos(), 7_000_000_005);
    }

    #[test]
    fn is_the_same_from_a_duration_and_from_seconds() {
        for nanos in [0, 1, 999_999_999, 1_000_000_000, 123_456_789_012] {
            let duration = Duration::from_nanos(nanos);
            assert_eq!(Moment::from(duration), Moment::from(Seconds::from_duration(duration)));
        }
    }
}
