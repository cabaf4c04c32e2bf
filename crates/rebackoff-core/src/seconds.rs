//! The one number that the engine calculates with.
#![allow(
    clippy::cast_precision_loss,
    reason = "longer spans are exact to one part in 2⁵², as the type says"
)]

use core::fmt;
use core::time::Duration;

use crate::human;

const NANOS_PER_SECOND: f64 = 1e9;

/// From 2⁵² on, a float has no fraction.
const WHOLE_FROM: f64 = 4_503_599_627_370_496.0;

/// The whole number nearest to `number`, which is from 0 up to [`WHOLE_FROM`]: the sum has no
/// bits for a fraction, so that its lowest bits are the number. Cheaper than a cast that checks.
#[inline]
const fn round(number: f64) -> u64 {
    (number + WHOLE_FROM).to_bits().wrapping_sub(WHOLE_FROM.to_bits())
}

/// The number, which has no fraction, at most [`u64::MAX`].
#[cold]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "non-negative by construction, and a cast from float to integer saturates"
)]
const fn whole(number: f64) -> u64 {
    number as u64
}

/// A span of time in seconds: never negative, never NaN, at most [`Seconds::MAX`].
///
/// The engine calculates in floating-point seconds because that is what its wait strategies are
/// defined in, and because limits then mean the same to a front end whose language counts in such
/// seconds (Python), to the last digit. A [`Duration`] of up to 26 days comes back from the round
/// trip unchanged; longer ones are exact to one part in 2⁵².
///
/// ```
/// use core::time::Duration;
/// use rebackoff_core::Seconds;
///
/// let half = Seconds::new(0.5).unwrap();
/// assert_eq!(half.to_duration(), Duration::from_millis(500));
/// assert_eq!(Seconds::new(-1.0), None);
/// assert_eq!(Seconds::new(f64::INFINITY), Some(Seconds::MAX));
/// ```
#[derive(Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Seconds(f64);

impl Seconds {
    /// No time at all.
    pub const ZERO: Self = Self(0.0);

    /// 2⁶⁴ − 1 nanoseconds, about 584 years: longer spans saturate here.
    pub const MAX: Self = Self(u64::MAX as f64 / NANOS_PER_SECOND);

    /// `value` seconds; `None` when it is negative or not a number.
    pub const fn new(value: f64) -> Option<Self> {
        // The sum has no negative zero.
        if value >= 0.0 { Some(Self::saturating(value + 0.0)) } else { None }
    }

    /// `value` seconds, where the caller's arithmetic cannot have made it negative or NaN.
    #[inline]
    pub(crate) const fn saturating(value: f64) -> Self {
        Self::capped(value, Self::MAX)
    }

    /// `value` seconds, at most `cap`.
    #[inline]
    pub(crate) const fn capped(value: f64, cap: Self) -> Self {
        Self(value).min(cap)
    }

    /// `share` of the span, from 0 up to 1.
    #[inline]
    pub(crate) const fn share(self, share: f64) -> Self {
        Self(self.0 * share)
    }

    /// The span of `duration`.
    #[inline]
    pub const fn from_duration(duration: Duration) -> Self {
        let whole = duration.as_secs() as f64;
        Self::saturating(whole + duration.subsec_nanos() as f64 / NANOS_PER_SECOND)
    }

    /// The number of seconds.
    #[inline]
    pub const fn get(self) -> f64 {
        self.0
    }

    /// The span as a [`Duration`], rounded to the nearest nanosecond.
    #[inline]
    pub const fn to_duration(self) -> Duration {
        Duration::from_nanos(self.to_nanos())
    }

    /// The number of nanoseconds, rounded to the nearest.
    #[inline]
    pub const fn to_nanos(self) -> u64 {
        let nanos = self.0 * NANOS_PER_SECOND;
        if nanos < WHOLE_FROM { round(nanos) } else { whole(nanos) }
    }

    /// The shorter of two spans.
    #[inline]
    pub const fn min(self, other: Self) -> Self {
        if self.0 < other.0 { self } else { other }
    }

    /// The longer of two spans.
    #[inline]
    pub const fn max(self, other: Self) -> Self {
        if self.0 > other.0 { self } else { other }
    }

    /// The sum, at most [`Seconds::MAX`].
    #[inline]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self::saturating(self.0 + other.0)
    }

    /// The rest of `self` after `other`, at least zero.
    #[inline]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0 - other.0).max(Self::ZERO)
    }
}

impl From<Duration> for Seconds {
    fn from(duration: Duration) -> Self {
        Self::from_duration(duration)
    }
}

impl From<Seconds> for Duration {
    fn from(seconds: Seconds) -> Self {
        seconds.to_duration()
    }
}

/// As people write it: `1.5s`, `2m 7s`.
impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&human::duration(self.to_duration()), f)
    }
}

impl fmt::Debug for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rejects_what_is_no_span() {
        assert_eq!(Seconds::new(-0.1), None);
        assert_eq!(Seconds::new(f64::NAN), None);
        assert_eq!(Seconds::new(f64::NEG_INFINITY), None);
        assert_eq!(Seconds::new(-0.0).map(Seconds::to_duration), Some(Duration::ZERO));
        assert!(Seconds::new(-0.0).is_some_and(|zero| zero.get().is_sign_positive()));
    }

    #[test]
    fn saturates_instead_of_overflowing() {
        assert_eq!(Seconds::from_duration(Duration::MAX), Seconds::MAX);
        assert_eq!(Seconds::MAX.saturating_add(Seconds::MAX), Seconds::MAX);
        assert_eq!(Seconds::MAX.to_duration(), Duration::from_nanos(u64::MAX));
        assert_eq!(Seconds::ZERO.saturating_sub(Seconds::MAX), Seconds::ZERO);
    }

    proptest! {
        #[test]
        fn gives_back_every_duration_of_up_to_26_days(nanos in 0..26 * 86_400_000_000_000_u64) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(Seconds::from_duration(duration).to_duration(), duration);
        }
    }
}
