use core::fmt;

use super::Refused;
use crate::atomic::{AtomicU64, Ordering::Relaxed, const_unless_loom};
use crate::error::Value;
use crate::{Budget, Cost, PolicyError};

/// The tokens that a call without a retry gives when it succeeds.
const FIRST_TRY: u32 = 1;

/// A [`Budget`] that successes give back; made by [`Budget::quota`].
///
/// A retry takes `retry_cost` tokens, or `timeout_cost` after a timeout, or `throttled_cost` after a server
/// that throttles. A call that succeeds gives back what its last retry took, or 1 if it needed none, up to `capacity`. Full at first; time
/// brings nothing. At the defaults, 100 retries in a row without any success spend it.
///
/// The rule and the defaults are those of the [standard retry mode][aws] of the AWS SDKs as it was
/// for years. Its [update of 2026][update] has other prices: [`Budget::aws`] has those.
///
/// [aws]: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
/// [update]: https://aws.amazon.com/blogs/developer/announcing-updated-retry-behavior-for-aws-sdks-and-tools/
#[derive(Clone, Copy, Debug)]
#[must_use = "a budget is made by `build`"]
pub struct Quota {
    capacity: u32,
    retry_cost: u32,
    timeout_cost: u32,
    /// As `retry_cost` where it is not set.
    throttled_cost: Option<u32>,
    dry_run: bool,
}

impl Quota {
    pub(super) const fn new() -> Self {
        Self {
            capacity: 500,
            retry_cost: 5,
            timeout_cost: 10,
            throttled_cost: None,
            dry_run: false,
        }
    }

    /// The most tokens, at least 1. Default 500.
    pub const fn capacity(mut self, capacity: u32) -> Self {
        self.capacity = capacity;
        self
    }

    /// The price of a retry, from 1 to `capacity`. Default 5.
    pub const fn retry_cost(mut self, retry_cost: u32) -> Self {
        self.retry_cost = retry_cost;
        self
    }

    /// The price of a retry after a timeout, from 1 to `capacity`. Default 10.
    pub const fn timeout_cost(mut self, timeout_cost: u32) -> Self {
        self.timeout_cost = timeout_cost;
        self
    }

    /// The price of a retry after a server that throttles, from 1 to `capacity`. Default: `retry_cost`.
    pub const fn throttled_cost(mut self, throttled_cost: u32) -> Self {
        self.throttled_cost = Some(throttled_cost);
        self
    }

    /// Sets a dry run, which refuses no retry and only counts. Default `false`.
    pub const fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    const_unless_loom! {
        /// The budget.
        ///
        /// # Errors
        ///
        /// Names the first parameter that is not allowed, with its value.
        pub fn build(self) -> Result<Budget, PolicyError> {
            if self.capacity == 0 {
                let rule = "capacity must be at least 1 token";
                return Err(PolicyError::new("capacity", rule, Value::Count(0)));
            }
            if self.retry_cost == 0 || self.retry_cost > self.capacity {
                let (rule, value) = ("retry_cost must be from 1 to capacity", self.retry_cost);
                return Err(PolicyError::new("retry_cost", rule, Value::Count(value as u64)));
            }
            if self.timeout_cost == 0 || self.timeout_cost > self.capacity {
                let (rule, value) = ("timeout_cost must be from 1 to capacity", self.timeout_cost);
                return Err(PolicyError::new("timeout_cost", rule, Value::Count(value as u64)));
            }
            let throttled_cost = match self.throttled_cost {
                Some(cost) => cost,
                None => self.retry_cost,
            };
            if throttled_cost == 0 || throttled_cost > self.capacity {
                let (rule, value) = ("throttled_cost must be from 1 to capacity", throttled_cost);
                return Err(PolicyError::new("throttled_cost", rule, Value::Count(value as u64)));
            }
            let bucket = Bucket {
                capacity: self.capacity,
                retry_cost: self.retry_cost,
                timeout_cost: self.timeout_cost,
                throttled_cost,
            };
            Ok(Budget::new(super::Kind::Quota(bucket), self.dry_run))
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    capacity: u32,
    retry_cost: u32,
    timeout_cost: u32,
    throttled_cost: u32,
}

impl Bucket {
    pub(super) const fn parameters(&self) -> [u64; 4] {
        [
            self.capacity as u64,
            self.retry_cost as u64,
            self.timeout_cost as u64,
            self.throttled_cost as u64,
        ]
    }

    #[allow(clippy::cast_precision_loss, reason = "at most 2³²")]
    pub(super) fn tokens(&self, taken: &AtomicU64) -> f64 {
        u64::from(self.capacity).saturating_sub(taken.load(Relaxed)) as f64
    }

    #[inline]
    pub(super) fn withdraw(&self, taken: &AtomicU64, cost: Cost) -> Result<u32, Refused> {
        let price = match cost {
            Cost::Retry => self.retry_cost,
            Cost::Timeout => self.timeout_cost,
            Cost::Throttled => self.throttled_cost,
        };
        let mut old = taken.load(Relaxed);
        loop {
            if old > u64::from(self.capacity - price) {
                return Err(Refused(()));
            }
            match taken.compare_exchange_weak(old, old + u64::from(price), Relaxed, Relaxed) {
                Ok(_) => return Ok(price),
                Err(current) => old = current,
            }
        }
    }
}

#[inline]
pub(super) fn handle_success(taken: &AtomicU64, last: Option<u32>) {
    give(taken, last.unwrap_or(FIRST_TRY));
}

#[inline]
pub(super) fn give(taken: &AtomicU64, back: u32) {
    let mut old = taken.load(Relaxed);
    while old > 0 {
        let less = old.saturating_sub(u64::from(back));
        match taken.compare_exchange_weak(old, less, Relaxed, Relaxed) {
            Ok(_) => return,
            Err(current) => old = current,
        }
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { capacity, retry_cost, timeout_cost, throttled_cost, .. } = self;
        write!(f, "quota of {capacity}, {retry_cost} a retry, {timeout_cost} a timeout")?;
        if throttled_cost == retry_cost {
            return Ok(());
        }
        write!(f, ", {throttled_cost} when throttled")
    }
}
