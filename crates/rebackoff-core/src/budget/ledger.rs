use core::num::NonZeroU64;

use crate::atomic::{AtomicU64, Ordering, Ordering::Relaxed, const_unless_loom};
use crate::slices::{Key, Ring, SLICES, Slice, take_back};

/// The bits for the sum of the nine slices before the latest; a number of a slice has 35.
const SUM_BITS: u32 = 26;
const MAX_SUM: u64 = (1 << SUM_BITS) - 1;

/// The count of the window that ends with the latest slice.
///
/// All changes go through one word, so that no two threads both act on one total. A late change counts
/// in the latest slice, because a clock reading may be a slice behind another.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Ledger {
    /// The latest slice.
    latest: AtomicU64,
    /// Those before it. A slice is put here before `latest` goes on to the next, and then grows no
    /// more.
    earlier: Ring,
    /// The sum of those before the slice that is named with it, so that they are summed up once for
    /// each slice.
    sum: AtomicU64,
}

impl Ledger {
    const_unless_loom! {
        pub(super) fn new() -> Self {
            Self { latest: AtomicU64::new(0), earlier: Ring::new(), sum: AtomicU64::new(0) }
        }
    }

    /// The slice of `now`, unless a later one has begun: that one. A slice has `span` nanoseconds.
    #[inline]
    pub(super) fn slice(&self, span: NonZeroU64, now: u64) -> Slice {
        let latest = self.latest();
        if now < end(latest, span) { latest } else { self.begin(Key::new(0, now / span), latest) }
    }

    /// The slice of `key`, unless a later one has begun: that one.
    pub(super) fn slice_of(&self, key: Key) -> Slice {
        let latest = self.latest();
        if key <= latest.key() { latest } else { self.begin(key, latest) }
    }

    /// The latest slice.
    #[inline]
    pub(super) fn latest(&self) -> Slice {
        Slice(self.latest.load(Ordering::Acquire))
    }

    /// The count of the window that ends with `slice`.
    pub(super) fn total(&self, slice: Slice) -> u64 {
        let (key, sum) = (slice.key(), self.sum.load(Relaxed));
        let earlier =
            if sum >> SUM_BITS == key.number() { sum & MAX_SUM } else { self.sum_up(key) };
        slice.count() + earlier
    }

    /// Counts one more in `slice`.
    ///
    /// # Errors
    ///
    /// Meanwhile it has become another, or the exchange failed without a reason: the slice to count in now.
    #[inline]
    pub(super) fn count(&self, slice: Slice) -> Result<(), Slice> {
        let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
        self.latest
            .compare_exchange_weak(slice.0, slice.plus_one().0, success, failure)
            .map(drop)
            .map_err(Slice)
    }

    /// Takes one back out of the slice that `is_it` knows. One that becomes an earlier slice, or is
    /// summed up, just then may keep it: no retry more is allowed for that.
    pub(super) fn take_back(&self, is_it: impl Fn(Slice) -> bool) {
        if !take_back(&self.latest, &is_it) {
            self.earlier.take_back(is_it);
            self.sum.store(0, Relaxed);
        }
    }

    /// As if the latest slice had counted all calls that it can count, but for one.
    #[cfg(all(test, not(loom)))]
    pub(super) fn fill_but_for_one(&self) {
        self.latest.store(self.latest().full().0 - 1, Relaxed);
    }

    fn sum_up(&self, key: Key) -> u64 {
        let sum = self.earlier.sum_before(key, key, SLICES);
        self.sum.fetch_max(key.number() << SUM_BITS | sum, Relaxed);
        sum
    }

    #[cold]
    fn begin(&self, key: Key, mut latest: Slice) -> Slice {
        let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
        while latest.key() < key {
            self.earlier.keep(latest);
            let next = Slice::new(key, 0);
            match self.latest.compare_exchange_weak(latest.0, next.0, success, failure) {
                Ok(_) => return next,
                Err(now) => latest = Slice(now),
            }
        }
        latest
    }
}

/// The end of `slice`, in nanoseconds.
#[inline]
pub(super) fn end(slice: Slice, span: NonZeroU64) -> u64 {
    (slice.key().number() + 1).saturating_mul(span.get())
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const SPAN: NonZeroU64 = NonZeroU64::new(10).unwrap();

    /// A moment in that slice.
    fn at(number: u64) -> u64 {
        number * 10 + number % 10
    }

    /// Counts one, although a weak exchange may fail without a reason.
    fn count(ledger: &Ledger, number: u64) {
        let mut slice = ledger.slice(SPAN, at(number));
        while let Err(now) = ledger.count(slice) {
            slice = now;
        }
    }

    fn total(ledger: &Ledger, number: u64) -> u64 {
        ledger.total(ledger.slice(SPAN, at(number)))
    }

    #[test]
    fn a_slice_counts_until_the_window_has_passed_it() {
        let ledger = Ledger::new();
        for number in [3, 3, 7] {
            count(&ledger, number);
        }
        assert_eq!(total(&ledger, 7), 3);
        assert_eq!(total(&ledger, 12), 3);
        assert_eq!(total(&ledger, 13), 1);
        assert_eq!(total(&ledger, 17), 0);
    }

    #[test]
    fn what_comes_late_counts_in_the_latest_slice() {
        let ledger = Ledger::new();
        count(&ledger, 20);
        count(&ledger, 5);
        assert_eq!(total(&ledger, 29), 2);
        assert_eq!(total(&ledger, 30), 0);
    }

    #[test]
    fn ten_full_slices_have_their_sum() {
        let ledger = Ledger::new();
        let full = ledger.slice(SPAN, 0).full().count();
        for number in 0..SLICES {
            ledger.latest.store(ledger.slice(SPAN, at(number)).full().0, Relaxed);
        }
        assert_eq!(total(&ledger, SLICES - 1), full * SLICES);
        assert_eq!(total(&ledger, SLICES), full * (SLICES - 1));
    }

    #[test]
    fn what_was_seen_before_another_counted_is_not_counted_on() {
        let ledger = Ledger::new();
        let seen = ledger.slice(SPAN, at(1));
        count(&ledger, 1);
        assert_eq!(ledger.count(seen).unwrap_err().count(), 1);
        ledger.slice(SPAN, at(2));
        assert_eq!(ledger.count(seen).unwrap_err().key().number(), 2);
    }
}
