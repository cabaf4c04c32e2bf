use core::fmt;
use core::time::Duration;

use crate::atomic::{AtomicU64, Ordering, const_unless_loom};
use crate::error::{Value, within};
use crate::human::percent;
use crate::slices::{Key, Ring, SLICES, Slice, take_back};
use crate::{Budget, PolicyError, Refused, Seconds};

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
        self.floor = floor;
        self
    }

    /// How long a call and a retry count, from 1 s to 60 s. Default 10 s.
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// Whether to refuse nothing and only count. Default `false`.
    pub const fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    const_unless_loom! {
        /// The budget.
        ///
        /// # Errors
        ///
        /// The first parameter that is outside of what is allowed, with its value.
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
            let bucket = Bucket {
                ratio: self.ratio,
                floor: self.floor,
                reserve: millionths(self.floor * ttl.get()),
                slice: ttl.to_nanos() / SLICES,
                calls: Ring::new(),
                retries: Ledger { current: AtomicU64::new(0), earlier: Ring::new() },
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

#[derive(Debug)]
pub(super) struct Bucket {
    ratio: f64,
    floor: f64,
    /// What is allowed without calls.
    reserve: u64,
    /// Nanoseconds of a slice.
    slice: u64,
    calls: Ring,
    retries: Ledger,
}

impl Bucket {
    pub(super) fn tokens(&self, now: u64) -> f64 {
        let (key, taken) = self.retries.taken(self.key(now));
        self.left(self.calls(key), taken).tokens()
    }

    #[inline]
    pub(super) fn handle_start(&self, now: u64) {
        self.calls.add(self.key(now));
    }

    /// Apart, so that the other kinds stay short where they are inlined. The calls need not be
    /// summed up where the floor suffices.
    #[inline(never)]
    #[allow(clippy::cast_precision_loss, reason = "ten full slices are 4.2 · 10¹³ millionths")]
    pub(super) fn withdraw(&self, now: u64) -> Result<u32, Refused> {
        let decide = |key, taken: u64, is_full: bool| {
            let beyond = ((taken + 1) * ONE).saturating_sub(self.reserve);
            if beyond == 0 && !is_full {
                return Ok(());
            }
            let calls = self.calls(key);
            // A quotient is rounded as the fraction that somebody wrote is; a product is not.
            if beyond as f64 / calls as f64 <= self.ratio && !is_full {
                return Ok(());
            }
            Err(self.left(calls, taken))
        };
        self.retries.add(self.key(now), decide).map(mark)
    }

    /// The retry that was counted in the slice with this mark is not made.
    pub(super) fn refund(&self, taken: u32) {
        self.retries.take_back(|slice| mark(slice.key()) == taken);
    }

    /// The retries that are left, of those that so many millionths of calls allow.
    #[allow(clippy::cast_precision_loss, reason = "a number to look at")]
    fn left(&self, calls: u64, taken: u64) -> Refused {
        let share = millionths(self.ratio * (calls / ONE) as f64);
        Refused { left: (share + self.reserve).saturating_sub(taken * ONE), token: ONE }
    }

    /// Millionths of the calls in the window that ends with `last`.
    #[inline]
    fn calls(&self, last: Key) -> u64 {
        self.calls.sum(last, SLICES) * ONE
    }

    #[inline]
    fn key(&self, now: u64) -> Key {
        Key::new(0, now / self.slice)
    }
}

/// The retries of each slice. All of them go through one word, so that no two can take the same
/// allowance, even where one clock reading is a slice ahead of the other.
#[derive(Debug)]
struct Ledger {
    /// The latest slice.
    current: AtomicU64,
    /// Those before it. A slice is put here before `current` goes on to the next.
    earlier: Ring,
}

impl Ledger {
    /// What the window that ends with `key` has; `key` is never before the latest.
    fn taken(&self, key: Key) -> (Key, u64) {
        let current = Slice(self.current.load(Ordering::Acquire));
        let key = key.max(current.key());
        (key, self.taken_with(current, key))
    }

    #[inline]
    fn taken_with(&self, current: Slice, key: Key) -> u64 {
        let earlier = self.earlier.sum_before(current.key(), key, SLICES);
        current.count_within(key, SLICES) + earlier
    }

    /// Adds one and says in which slice, unless `decide` refuses, which is told whether the slice can count no further.
    #[inline]
    fn add<E>(&self, key: Key, decide: impl Fn(Key, u64, bool) -> Result<(), E>) -> Result<Key, E> {
        let mut current = Slice(self.current.load(Ordering::Acquire));
        loop {
            let key = key.max(current.key());
            let taken = self.taken_with(current, key);
            decide(key, taken, key == current.key() && current.is_full())?;
            let next = if key == current.key() {
                current.plus_one()
            } else {
                self.earlier.keep(current);
                Slice::new(key, 1)
            };
            let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
            match self.current.compare_exchange_weak(current.0, next.0, success, failure) {
                Ok(_) => return Ok(key),
                Err(now) => current = Slice(now),
            }
        }
    }

    /// Takes one back out of the slice that `is_it` knows. One that becomes an earlier slice just then
    /// may keep it: no retry more is allowed for that.
    fn take_back(&self, is_it: impl Fn(Slice) -> bool) {
        if !take_back(&self.current, &is_it) {
            self.earlier.take_back(is_it);
        }
    }
}

/// What a withdrawal remembers of its slice: the end of its number, which comes round after years, and
/// a bit by which it is not nothing.
#[allow(clippy::cast_possible_truncation, reason = "the end of it")]
const fn mark(key: Key) -> u32 {
    key.number() as u32 | 1 << 31
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}% of calls + {}/s", percent(self.ratio), self.floor)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_slice_that_can_count_no_further_allows_no_more_retries() {
        let full = Slice::new(Key::new(0, 0), u64::MAX);
        let ledger = Ledger { current: AtomicU64::new(full.0), earlier: Ring::new() };
        let unless_full = |_, _, is_full: bool| if is_full { Err(()) } else { Ok(()) };
        assert_eq!(ledger.add(Key::new(0, 0), unless_full), Err(()));
        assert_eq!(ledger.add(Key::new(0, 1), unless_full), Ok(Key::new(0, 1)));
        assert_eq!(ledger.taken(Key::new(0, 1)).1, full.count() + 1);
    }
}
