//! Waits that a test skipped; an empty type without the feature `testing`.

use std::time::Duration;

use rebackoff_core::{Limits, Seconds};

/// The waits of one call that `testing::no_wait` skipped: the call counts them as elapsed.
#[cfg(feature = "testing")]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Skipped {
    own: Duration,
    /// The waits that this thread had skipped when the call began.
    before: Duration,
}

#[cfg(feature = "testing")]
impl Skipped {
    pub(crate) const NONE: Self = Self { own: Duration::ZERO, before: Duration::ZERO };

    pub(crate) fn begin(&mut self) {
        self.before = crate::testing::skipped();
    }

    /// Counts from now on.
    pub(crate) fn begin_anew(&mut self) {
        *self = Self::NONE;
        self.begin();
    }

    /// The time that counts as elapsed where the clock measured `elapsed`.
    pub(crate) fn add_to(self, elapsed: Duration) -> Duration {
        elapsed.saturating_add(self.own)
    }

    /// The limit that is left of `limit`.
    pub(crate) fn take_from(self, limit: Seconds) -> Seconds {
        limit.saturating_sub(Seconds::from_duration(self.own))
    }

    /// The wait as the driver sleeps it.
    pub(crate) fn skip(&mut self, wait: Duration) -> Duration {
        if crate::testing::skips_waits() {
            self.own = self.own.saturating_add(wait);
            return Duration::ZERO;
        }
        wait
    }

    /// Ends the wait, for the guards as well.
    pub(crate) fn pass(self) {
        if !self.own.is_zero() {
            crate::testing::skip_to(self.before.saturating_add(self.own));
        }
    }

    /// Returns whether a test may have changed the limits of all calls.
    pub(crate) const fn narrows() -> bool {
        true
    }

    pub(crate) fn allowed(limits: Limits) -> Limits {
        crate::testing::allowed(&limits)
    }
}

#[cfg(not(feature = "testing"))]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Skipped;

#[cfg(not(feature = "testing"))]
#[allow(clippy::unused_self, reason = "the type with the feature has fields")]
impl Skipped {
    pub(crate) const NONE: Self = Self;

    #[inline]
    pub(crate) const fn begin(self) {}

    #[inline]
    pub(crate) const fn begin_anew(self) {}

    #[inline]
    pub(crate) const fn add_to(self, elapsed: Duration) -> Duration {
        elapsed
    }

    #[inline]
    pub(crate) const fn take_from(self, limit: Seconds) -> Seconds {
        limit
    }

    #[inline]
    pub(crate) const fn skip(self, wait: Duration) -> Duration {
        wait
    }

    #[inline]
    pub(crate) const fn pass(self) {}

    #[inline]
    pub(crate) const fn narrows() -> bool {
        false
    }

    #[inline]
    pub(crate) const fn allowed(limits: Limits) -> Limits {
        limits
    }
}
