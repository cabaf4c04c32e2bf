use core::fmt;

use super::Refused;
use crate::atomic::{AtomicU64, Ordering::Relaxed, const_unless_loom};
use crate::error::{Value, within};
use crate::{Budget, PolicyError};

const NANOS_PER_SECOND: f64 = 1e9;

/// A [`Budget`] that time fills; made by [`Budget::per_second`].
///
/// Tokens come at `rate` a second, one each 10⁹ / `rate` nanoseconds (a whole number of them), and
/// at most `capacity` are kept. A retry takes one. Full at first. At the defaults, 100 retries can
/// come at once and 10 a second after that.
///
/// It is the token bucket in the form of the generic cell rate algorithm (ITU-T I.371): its state
/// is one number, the moment at which it will be full.
#[derive(Clone, Copy, Debug)]
#[must_use = "a budget is made by `build`"]
pub struct PerSecond {
    rate: f64,
    capacity: u32,
    dry_run: bool,
}

impl PerSecond {
    pub(super) const fn new() -> Self {
        Self { rate: 10.0, capacity: 100, dry_run: false }
    }

    /// Tokens a second, from 0.001 to 1000000. Default 10.
    pub const fn rate(mut self, rate: f64) -> Self {
        self.rate = rate;
        self
    }

    /// The most tokens that are kept, from 1 to 1000000. Default 100.
    pub const fn capacity(mut self, capacity: u32) -> Self {
        self.capacity = capacity;
        self
    }

    /// Sets a dry run, which refuses no retry and only counts. Default `false`.
    pub const fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// The rate that is set.
    pub const fn get_rate(&self) -> f64 {
        self.rate
    }

    /// The capacity that is set.
    pub const fn get_capacity(&self) -> u32 {
        self.capacity
    }

    /// Returns whether the budget refuses no retry.
    pub const fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    const_unless_loom! {
        /// The budget.
        ///
        /// # Errors
        ///
        /// Names the first parameter that is not allowed, with its value.
        pub fn build(self) -> Result<Budget, PolicyError> {
            let rule = "rate must be from 0.001 to 1000000 tokens a second";
            if let Err(error) = within("rate", rule, self.rate, 0.001, 1e6) {
                return Err(error);
            }
            if self.capacity < 1 || self.capacity > 1_000_000 {
                let rule = "capacity must be from 1 to 1000000 tokens";
                return Err(PolicyError::new("capacity", rule, Value::Count(self.capacity as u64)));
            }
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "from 10³ to 10¹²"
            )]
            let interval = (NANOS_PER_SECOND / self.rate + 0.5) as u64;
            let bucket = Bucket {
                rate: self.rate,
                interval,
                span: interval * self.capacity as u64,
            };
            Ok(Budget::new(super::Kind::Timed(super::Timed::PerSecond(bucket)), self.dry_run))
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    rate: f64,
    /// Nanoseconds for a token.
    interval: u64,
    /// Nanoseconds from empty to full: a whole number of intervals, at most 10¹⁸.
    span: u64,
}

impl Bucket {
    pub(super) const fn parameters(&self) -> [u64; 4] {
        [self.rate.to_bits(), self.span / self.interval, 0, 0]
    }

    #[allow(clippy::cast_precision_loss, reason = "a number to look at")]
    pub(super) fn tokens(&self, full_at: &AtomicU64, now: u64) -> f64 {
        let missing = full_at.load(Relaxed).saturating_sub(now);
        self.span.saturating_sub(missing) as f64 / self.interval as f64
    }

    #[inline]
    pub(super) fn withdraw(&self, full_at: &AtomicU64, now: u64) -> Result<u32, Refused> {
        let mut old = full_at.load(Relaxed);
        loop {
            let full = old.max(now);
            if full - now > self.span - self.interval {
                return Err(Refused(()));
            }
            match full_at.compare_exchange_weak(old, full + self.interval, Relaxed, Relaxed) {
                Ok(_) => return Ok(1),
                Err(current) => old = current,
            }
        }
    }

    /// Never above the capacity: one that is full now was to be full at an earlier moment.
    pub(super) fn refund(&self, full_at: &AtomicU64) {
        let mut old = full_at.load(Relaxed);
        loop {
            let sooner = old.saturating_sub(self.interval);
            match full_at.compare_exchange_weak(old, sooner, Relaxed, Relaxed) {
                Ok(_) => return,
                Err(current) => old = current,
            }
        }
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s, at most {}", self.rate, self.span / self.interval)
    }
}
