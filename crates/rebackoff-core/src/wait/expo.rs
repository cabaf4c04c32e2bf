use core::time::Duration;

use crate::Seconds;
use crate::error::{PolicyError, above_zero, cap_reaches};

/// A wait that grows by the same factor; made by [`expo`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expo {
    pub(crate) base: f64,
    pub(crate) factor: Seconds,
    pub(crate) max_value: Seconds,
}

/// Waits longer by a factor each time: raw wait = min(`factor` · `base`ⁿ, `max_value`).
///
/// Defaults: base 2, factor 1 s, no cap, so waits 1 s, 2 s, 4 s … before jitter. However many
/// tries there are, the wait saturates at [`Seconds::MAX`] and never overflows.
///
/// ```
/// use rebackoff_core::{Seconds, expo, millis, secs};
///
/// let wait = expo().factor(millis(100)).max_value(secs(3)).wait();
/// assert_eq!(wait.raw(3), Seconds::new(0.8));
/// assert_eq!(wait.raw(1_000_000), Seconds::new(3.0));
/// ```
pub const fn expo() -> Expo {
    let factor = Seconds::from_duration(Duration::from_secs(1));
    Expo { base: 2.0, factor, max_value: Seconds::MAX }
}

impl Expo {
    /// The factor from one wait to the next, a finite number above 0. Default 2.
    pub const fn base(mut self, base: f64) -> Self {
        self.base = base;
        self
    }

    /// The first wait. Default 1 s.
    pub const fn factor(mut self, factor: Duration) -> Self {
        self.factor = Seconds::from_duration(factor);
        self
    }

    /// The cap, at least `factor`. Default none.
    pub const fn max_value(mut self, max_value: Duration) -> Self {
        self.max_value = Seconds::from_duration(max_value);
        self
    }

    pub(crate) fn raw(&self, n: u64) -> Seconds {
        Seconds::capped(self.factor.get() * power(self.base, n), self.max_value)
    }

    /// The n-th raw wait, by one multiplication of the raw wait before it.
    #[inline]
    pub(crate) fn after(&self, n: u64, previous: Seconds) -> Seconds {
        let raw = if n == 0 { self.factor.get() } else { previous.get() * self.base };
        Seconds::capped(raw, self.max_value)
    }

    pub(crate) const fn check(&self) -> Result<(), PolicyError> {
        if let Err(error) = above_zero("base", "base must be a finite number above 0", self.base) {
            return Err(error);
        }
        cap_reaches(self.factor, self.max_value)
    }
}

/// `base`ⁿ, finite: a factor of zero stays zero, where ∞ would make it NaN.
pub(crate) fn power(base: f64, n: u64) -> f64 {
    let (mut result, mut square, mut rest) = (1.0, base, n);
    while rest > 0 {
        if rest & 1 == 1 {
            result *= square;
        }
        square *= square;
        rest >>= 1;
    }
    result.min(f64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_the_formula(base in 0.1..8.0_f64, n in 0..200_u32) {
            let (ours, reference) = (power(base, n.into()), libm::pow(base, f64::from(n)));
            prop_assert!((ours - reference).abs() <= reference * 1e-13, "{ours} {reference}");
        }

        #[test]
        fn both_ways_to_a_wait_agree(base in 0.5..4.0_f64, cap in 1..100_000_u64) {
            let expo = expo().base(base).max_value(Duration::from_secs(cap));
            let mut previous = Seconds::ZERO;
            for n in 0..500 {
                previous = expo.after(n, previous);
                let (walked, known) = (previous.get(), expo.raw(n).get());
                prop_assert!((walked - known).abs() <= known * 1e-12, "{walked} {known}");
            }
        }
    }

    #[test]
    fn never_overflows() {
        assert_eq!(expo().raw(u64::MAX), Seconds::MAX);
        assert_eq!(expo().after(u64::MAX, Seconds::MAX), Seconds::MAX);
        assert_eq!(expo().factor(Duration::ZERO).raw(u64::MAX), Seconds::ZERO);
    }
}
