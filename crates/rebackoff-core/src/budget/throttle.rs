use core::fmt;

use super::Refused;
use crate::atomic::{AtomicU64, Ordering::Relaxed, const_unless_loom};
use crate::error::{Value, within};
use crate::{Budget, PolicyError};

/// Thousandths of a token, which the state counts in.
const ONE: u64 = 1000;

/// A [`Budget`] that failures empty and successes fill; made by [`Budget::throttle`].
///
/// A failed try takes a token, down to 0; a call that succeeds gives `token_ratio` of one, up to
/// `max_tokens`. A retry takes nothing, and is allowed while there are more than `max_tokens` / 2.
/// Full at first; time brings nothing. At the defaults, 5 failures in a row stop retries, and for as
/// long as there is more than one failure to ten successes, they stay stopped.
///
/// The rule is [gRPC's retry throttling, proposal A6][a6]; its example gives the defaults. As
/// there, decimals of `token_ratio` after the third do not count.
///
/// [a6]: https://github.com/grpc/proposal/blob/master/A6-client-retries.md#throttling-retry-attempts-and-hedged-rpcs
#[derive(Clone, Copy, Debug)]
#[must_use = "a budget is made by `build`"]
pub struct Throttle {
    max_tokens: u32,
    token_ratio: f64,
    dry_run: bool,
}

impl Throttle {
    pub(super) const fn new() -> Self {
        Self { max_tokens: 10, token_ratio: 0.1, dry_run: false }
    }

    /// The most tokens, from 1 to 1000. Default 10.
    pub const fn max_tokens(mut self, max_tokens: u32) -> Self {
        self.max_tokens = max_tokens;
        self
    }

    /// The tokens that a success gives, from 0.001 to 1000. Default 0.1.
    pub const fn token_ratio(mut self, token_ratio: f64) -> Self {
        self.token_ratio = token_ratio;
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
            if self.max_tokens < 1 || self.max_tokens > 1000 {
                let (rule, value) = ("max_tokens must be from 1 to 1000", self.max_tokens);
                return Err(PolicyError::new("max_tokens", rule, Value::Count(value as u64)));
            }
            let rule = "token_ratio must be from 0.001 to 1000";
            if let Err(error) = within("token_ratio", rule, self.token_ratio, 0.001, 1000.0) {
                return Err(error);
            }
            let max = self.max_tokens as u64 * ONE;
            // A billionth makes up for a decimal fraction that is no binary one.
            #[allow(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "from 1 to 10⁶"
            )]
            let success = (self.token_ratio * ONE as f64 + 1e-6) as u64;
            let bucket = Bucket { max, success };
            Ok(Budget::new(super::Kind::Throttle(bucket), self.dry_run))
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    max: u64,
    success: u64,
}

impl Bucket {
    #[allow(clippy::cast_precision_loss, reason = "at most 10⁶")]
    pub(super) const fn parameters(&self) -> [u64; 4] {
        [self.max / ONE, (self.success as f64 / ONE as f64).to_bits(), 0, 0]
    }

    #[allow(clippy::cast_precision_loss, reason = "at most 10⁶")]
    pub(super) fn tokens(&self, taken: &AtomicU64) -> f64 {
        self.max.saturating_sub(taken.load(Relaxed)) as f64 / ONE as f64
    }

    #[inline]
    pub(super) fn handle_failure(&self, taken: &AtomicU64) {
        change(taken, |taken| taken.min(self.max - ONE) + ONE);
    }

    #[inline]
    pub(super) fn handle_success(&self, taken: &AtomicU64) {
        change(taken, |taken| taken.saturating_sub(self.success));
    }

    #[inline]
    pub(super) fn withdraw(&self, taken: &AtomicU64) -> Result<u32, Refused> {
        if taken.load(Relaxed) < self.max / 2 { Ok(0) } else { Err(Refused(())) }
    }
}

/// Changes the tokens that are taken; where that changes nothing, it is one load.
#[inline]
fn change(taken: &AtomicU64, next: impl Fn(u64) -> u64) {
    let mut old = taken.load(Relaxed);
    while next(old) != old {
        match taken.compare_exchange_weak(old, next(old), Relaxed, Relaxed) {
            Ok(_) => return,
            Err(current) => old = current,
        }
    }
}

impl fmt::Display for Bucket {
    #[allow(clippy::cast_precision_loss, reason = "at most 10⁶")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (max, success) = (self.max / ONE, self.success as f64 / ONE as f64);
        write!(f, "throttle of {max} tokens, {success} a success")
    }
}
