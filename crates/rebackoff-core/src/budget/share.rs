use core::fmt;
use core::num::NonZeroU64;
use core::time::Duration;

use super::Refused;
use super::ledger::{Ledger, end};
use crate::atomic::{
    AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst},
    const_unless_loom, fence,
};
use crate::error::{Value, within};
use crate::human::percent;
use crate::slices::{SLICES, Slice};
use crate::{Budget, PolicyError, Seconds};

/// The calculation counts in millionths of a retry.
const ONE: u64 = 1_000_000;

/// A [`Budget`] of a share of the calls, and a floor; made by [`Budget::share`].
///
/// A retry is allowed while the retries of the last `ttl`, with that one, are at most
/// `ratio` · calls of the last `ttl` + `floor` · `ttl`. A call counts when it begins, its retries
/// not as calls. At the defaults, 1000 calls a second may have 200 retries a second between them
/// and 10 a second on top; without calls, 100 can come at once.
///
/// Calls and retries are counted as whole numbers, and their quotient is what is compared with
/// `ratio`, so that each fraction from 0.0001 to 1 is exact, a third as well as a tenth, and nothing
/// drifts. "The last `ttl`" is ten slices of `ttl` / 10 that begin at whole multiples of it on the
/// clock: the one of now, and the nine before it. A slice counts its first 4194303 calls, and allows
/// no more retries than that.
///
/// The rule and the defaults are those of [Finagle's `RetryBudget`][finagle], which linkerd and
/// tower follow.
///
/// [finagle]: https://finagle.github.io/blog/2016/02/08/retry-budgets/
#[derive(Clone, Copy, Debug)]
#[must_use = "a budget is made by `build`"]
pub struct Share {
    ratio: f64,
    floor: f64,
    ttl: Duration,
    dry_run: bool,
}

impl Share {
    pub(super) const fn new() -> Self {
        Self { ratio: 0.2, floor: 10.0, ttl: Duration::from_secs(10), dry_run: false }
    }

    /// Retries for each call, from 0.0001 to 1. Default 0.2.
    pub const fn ratio(mut self, ratio: f64) -> Self {
        self.ratio = ratio;
        self
    }

    /// Retries a second that come on top, from 0 to 1000000. Default 10.
    pub const fn floor(mut self, floor: f64) -> Self {
        // The sum has no negative zero.
        self.floor = floor + 0.0;
        self
    }

    /// The time for which a call and a retry count, from 1 s to 60 s. Default 10 s.
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// Sets a dry run, which refuses no retry and only counts. Default `false`.
    pub const fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// The ratio that is set.
    pub const fn get_ratio(&self) -> f64 {
        self.ratio
    }

    /// The floor that is set.
    pub const fn get_floor(&self) -> f64 {
        self.floor
    }

    /// The time that is set.
    pub const fn get_ttl(&self) -> Duration {
        self.ttl
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
            let rule = "ratio must be from 0.0001 to 1";
            if let Err(error) = within("ratio", rule, self.ratio, 0.0001, 1.0) {
                return Err(error);
            }
            let rule = "floor must be from 0 to 1000000 retries a second";
            if let Err(error) = within("floor", rule, self.floor, 0.0, 1e6) {
                return Err(error);
            }
            let ttl = Seconds::from_duration(self.ttl);
            if ttl.get() < 1.0 || ttl.get() > 60.0 {
                let rule = "ttl must be from 1s to 1m";
                return Err(PolicyError::new("ttl", rule, Value::Span(ttl)));
            }
            // Not below a tenth of a second.
            let span = NonZeroU64::MIN.saturating_add(ttl.to_nanos() / SLICES - 1);
            let bucket = Bucket {
                ratio: self.ratio,
                floor: self.floor,
                reserve: millionths(self.floor * ttl.get()),
                span,
            };
            Ok(Budget::new(super::Kind::Timed(super::Timed::Share(bucket)), self.dry_run))
        }
    }
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 0 to 6 · 10¹³"
)]
const fn millionths(number: f64) -> u64 {
    (number * ONE as f64 + 0.5) as u64
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    ratio: f64,
    floor: f64,
    /// The retries that are allowed without calls, in millionths.
    reserve: u64,
    /// Nanoseconds of a slice.
    span: NonZeroU64,
}

#[derive(Debug)]
#[repr(C)]
pub(super) struct Counts {
    calls: Ledger,
    retries: Ledger,
    outlook: Outlook,
}

impl Counts {
    const_unless_loom! {
        pub(super) fn new() -> Self {
            Self { calls: Ledger::new(), retries: Ledger::new(), outlook: Outlook::new() }
        }
    }

    /// Takes back the retry that was counted in the slice with this mark.
    pub(super) fn refund(&self, taken: u32) {
        self.retries.take_back(|slice| mark(slice) == taken);
        self.outlook.forget_refusals();
    }
}

impl Bucket {
    pub(super) const fn parameters(&self) -> [u64; 4] {
        [self.ratio.to_bits(), self.floor.to_bits(), self.span.get() * SLICES, 0]
    }

    pub(super) fn tokens(&self, counts: &Counts, now: u64) -> f64 {
        let retries = counts.retries.slice(self.span, now);
        let calls = counts.calls.slice_of(retries.key());
        let (calls, taken) = (counts.calls.total(calls), counts.retries.total(retries));
        whole(self.allowed(calls).saturating_sub(taken * ONE))
    }

    #[inline]
    pub(super) fn handle_start(&self, counts: &Counts, now: u64) {
        let mut slice = counts.calls.slice(self.span, now);
        while let Err(later) = counts.calls.count(slice) {
            slice = later;
        }
    }

    #[inline]
    pub(super) fn withdraw(&self, counts: &Counts, now: u64) -> Result<u32, Refused> {
        if now < counts.outlook.until.load(Acquire) {
            // Read before the calls, so that those are of its slice or a later one.
            let refused_below = counts.outlook.refused_below.load(Acquire);
            if counts.calls.latest().0 < refused_below {
                return Err(Refused(()));
            }
            let permitted_below = counts.outlook.permitted_below.load(Relaxed);
            let mut slice = counts.retries.latest();
            while slice.0 < permitted_below {
                match counts.retries.count(slice) {
                    Ok(()) => return Ok(mark(slice)),
                    Err(later) => slice = later,
                }
            }
        }
        self.withdraw_with_a_look(counts, now)
    }

    #[inline(never)]
    fn withdraw_with_a_look(&self, counts: &Counts, now: u64) -> Result<u32, Refused> {
        loop {
            // Read before the retries, so that those know of it.
            let refunds = counts.outlook.refunds.load(Acquire);
            let retries = counts.retries.slice(self.span, now);
            let calls = counts.calls.slice_of(retries.key());
            if calls.key() > retries.key() {
                counts.retries.slice_of(calls.key());
                continue;
            }
            let is_permitted = self.look(counts, calls, retries, refunds);
            counts.outlook.until.fetch_max(end(calls, self.span), Release);
            if !is_permitted {
                return Err(Refused(()));
            }
            if counts.retries.count(retries).is_ok() {
                return Ok(mark(retries));
            }
        }
    }

    /// Returns whether one more retry is permitted, and notes a bound that holds while the slice lasts. A
    /// permission holds up to a number of retries, since calls only grow. A refusal holds up to a number
    /// of calls, since retries only grow, unless one is given back.
    fn look(&self, counts: &Counts, calls: Slice, retries: Slice, refunds: u64) -> bool {
        let taken = counts.retries.total(retries);
        let is_floor_enough = (taken + 1) * ONE <= self.reserve;
        let called = if is_floor_enough { 0 } else { counts.calls.total(calls) };
        let is_permitted = self.is_enough(called, taken + 1);
        if is_permitted {
            let most = self.allowed(called) / ONE;
            // Rounded by one too far, perhaps.
            let most = if self.is_enough(called, most) { most } else { taken + 1 };
            let below = retries.plus(most.saturating_sub(taken));
            counts.outlook.permitted_below.fetch_max(below.0, Relaxed);
        } else {
            let needed = self.needed(taken + 1);
            let needed = if self.is_enough(needed - 1, taken + 1) { called + 1 } else { needed };
            let below = calls.plus(needed.saturating_sub(called));
            counts.outlook.refuse_below(below, refunds);
        }
        is_permitted && !retries.is_full()
    }

    /// Returns whether so many calls, and the floor, allow so many retries.
    #[allow(clippy::cast_precision_loss, reason = "ten full slices are 4.2 · 10¹³ millionths")]
    fn is_enough(&self, calls: u64, retries: u64) -> bool {
        let beyond = (retries * ONE).saturating_sub(self.reserve);
        // A quotient is rounded as a fraction in a program is; a product is not.
        beyond == 0 || beyond as f64 / (calls * ONE) as f64 <= self.ratio
    }

    /// The millionths of retries that so many calls, and the floor, allow.
    #[allow(clippy::cast_precision_loss, reason = "ten full slices are 4.2 · 10⁷ calls")]
    fn allowed(&self, calls: u64) -> u64 {
        millionths(self.ratio * calls as f64) + self.reserve
    }

    /// The number of calls that so many retries need, or nearly; at least one.
    fn needed(&self, retries: u64) -> u64 {
        let beyond = (retries * ONE).saturating_sub(self.reserve);
        millionths(whole(beyond) / self.ratio).div_ceil(ONE).max(1)
    }
}

/// Bounds from the last looks at the windows, which hold while a slice lasts: most retries are decided
/// without a look. A word below its bound is of that slice, because later words are greater.
#[derive(Debug)]
#[repr(C)]
struct Outlook {
    /// The end of the slice.
    until: AtomicU64,
    /// A retry is permitted while the word of the retries is below this.
    permitted_below: AtomicU64,
    /// A retry is refused while the word of the calls is below this.
    refused_below: AtomicU64,
    /// The number of retries that were given back.
    refunds: AtomicU64,
}

impl Outlook {
    const_unless_loom! {
        fn new() -> Self {
            Self {
                until: AtomicU64::new(0),
                permitted_below: AtomicU64::new(0),
                refused_below: AtomicU64::new(0),
                refunds: AtomicU64::new(0),
            }
        }
    }

    /// `refunds` is how many there were before the retries were read.
    fn refuse_below(&self, calls: Slice, refunds: u64) {
        self.refused_below.fetch_max(calls.0, Release);
        fence(SeqCst);
        if self.refunds.load(Relaxed) != refunds {
            self.refused_below.store(0, Release);
        }
    }

    /// Of a refund and a look at the same time, the refund is last, or the look sees it.
    fn forget_refusals(&self) {
        self.refunds.fetch_add(1, AcqRel);
        fence(SeqCst);
        self.refused_below.store(0, Release);
    }
}

#[allow(clippy::cast_precision_loss, reason = "up to 6 · 10¹³")]
fn whole(millionths: u64) -> f64 {
    millionths as f64 / ONE as f64
}

/// The mark of a slice in a withdrawal: the low bits of its number, which come round after years, and a
/// bit that keeps it from being 0.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "the end of it")]
const fn mark(slice: Slice) -> u32 {
    slice.key().number() as u32 | 1 << 31
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}% of calls + {}/s", percent(self.ratio), self.floor)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::Cost;

    #[test]
    fn a_slice_that_can_count_no_further_allows_no_more_retries() {
        let budget = Share::new().floor(1e6).ttl(Duration::from_secs(60)).build().unwrap();
        let is_allowed = |at| budget.withdraw_at(Cost::Retry, || Duration::from_secs(at)).is_ok();
        assert!(is_allowed(0));
        budget.state.counts.retries.fill_but_for_one();
        assert!(is_allowed(0));
        assert!(!is_allowed(0));
        assert!(is_allowed(6));
    }
}
