//! The counts of a breaker over a sliding window.

use core::fmt;

use super::CallCounts;
use crate::atomic::{AtomicU64, Ordering, Ordering::Relaxed, const_unless_loom};
use crate::slices::{Key, Ring, SLICES, Slice, renew};

/// The length of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    /// Calls, and calls in a slice.
    Calls { calls: u64, slice: u64 },
    /// Nanoseconds in a slice; ten slices.
    Time { slice: u64 },
}

const INDEX_BITS: u32 = 56;
const MAX_INDEX: u64 = (1 << INDEX_BITS) - 1;

/// The calls, failures and slow calls of the window. Each belongs to a period, the breaker's
/// generation, and what comes late from an earlier one is dropped.
#[repr(C)]
pub(super) struct Window {
    /// With a span of time: the calls of each slice.
    calls: Ring,
    /// With a span of calls: the period, and how many calls it had.
    index: AtomicU64,
    failures: Ring,
    slow: Ring,
}

impl Window {
    const_unless_loom! {
        pub(super) fn new() -> Self {
            Self {
                calls: Ring::new(),
                index: AtomicU64::new(0),
                failures: Ring::new(),
                slow: Ring::new(),
            }
        }
    }

    /// Counts a call and returns its slice; `None` when its period is over or the slice is full.
    #[inline]
    pub(super) fn add(
        &self,
        span: Span,
        period: u8,
        is_current: impl Fn() -> bool,
        now: impl FnOnce() -> u64,
    ) -> Option<Key> {
        match span {
            Span::Time { slice } => {
                let key = Key::new(period, now() / slice);
                self.calls.add(key, is_current).then_some(key)
            }
            Span::Calls { slice, .. } => {
                let index = self.add_to_index(period, end_of_numbers(slice), is_current)?;
                Some(Key::new(period, index / slice))
            }
        }
    }

    #[inline]
    fn add_to_index(&self, period: u8, end: u64, is_current: impl Fn() -> bool) -> Option<u64> {
        let mut old = self.index.load(Ordering::Acquire);
        loop {
            let calls = match calls_in(old, period) {
                Some(calls) if calls >= end => return None,
                Some(calls) => calls,
                None if is_current() => 0,
                None => return None,
            };
            let next = index_of(period, calls + 1);
            match self.index.compare_exchange_weak(old, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some(calls),
                Err(current) => old = current,
            }
        }
    }

    pub(super) fn add_failure(&self, key: Key, is_current: impl Fn() -> bool) {
        self.failures.add(key, is_current);
    }

    pub(super) fn add_slow(&self, key: Key, is_current: impl Fn() -> bool) {
        self.slow.add(key, is_current);
    }

    /// Returns whether slices of calls have no numbers left: with slices of one call, after
    /// 3.4 · 10¹⁰ calls.
    pub(super) fn is_used_up(&self, span: Span, period: u8) -> bool {
        match span {
            Span::Time { .. } => false,
            Span::Calls { slice, .. } => self.index(period) >= end_of_numbers(slice),
        }
    }

    /// The counts of the window in `period`, until now.
    pub(super) fn counts(&self, span: Span, period: u8, now: impl FnOnce() -> u64) -> CallCounts {
        match span {
            Span::Time { slice } => self.counts_of_time(Key::new(period, now() / slice)),
            Span::Calls { calls, slice } => {
                let index = self.index(period);
                let first = index.saturating_sub(calls) / slice;
                let last = index.saturating_sub(1) / slice;
                let (slices, last) = (last - first + 1, Key::new(period, last));
                let calls = index - first * slice;
                CallCounts {
                    calls,
                    failures: self.failures.sum(last, slices).min(calls),
                    slow: self.slow.sum(last, slices).min(calls),
                }
            }
        }
    }

    /// Failures and slow calls count with the calls that they are among: those of a slice whose
    /// calls are gone are gone, too.
    fn counts_of_time(&self, last: Key) -> CallCounts {
        let mut counts = CallCounts::default();
        let marked = self.failures.slices().zip(self.slow.slices());
        for ((failures, slow), calls) in marked.zip(self.calls.slices()) {
            let among = |marked: Slice| {
                if marked.key() == calls.key() { marked.count_within(last, SLICES) } else { 0 }
            };
            counts.failures += among(failures);
            counts.slow += among(slow);
            counts.calls += among(calls);
        }
        counts
    }

    /// Empties the places of all periods but `period`, as long as `is_due`.
    pub(super) fn forget_all_but(&self, period: u8, is_due: impl Fn() -> bool) {
        self.calls.forget_all_but(period, &is_due);
        self.failures.forget_all_but(period, &is_due);
        self.slow.forget_all_but(period, &is_due);
        let is_other = |old| calls_in(old, period).is_none();
        renew(&self.index, index_of(period, 0), |old| is_other(old) && is_due());
    }

    /// The number of calls in `period`.
    fn index(&self, period: u8) -> u64 {
        calls_in(self.index.load(Relaxed), period).unwrap_or(0)
    }

    /// As if so many calls had been counted in the period that is under way.
    #[cfg(all(test, not(loom)))]
    pub(super) fn skip_to(&self, calls: u64) {
        self.index.fetch_or(calls, Relaxed);
    }
}

const fn index_of(period: u8, calls: u64) -> u64 {
    (period as u64) << INDEX_BITS | calls
}

/// The calls of an index, if it is one of `period`.
const fn calls_in(index: u64, period: u8) -> Option<u64> {
    if index >> INDEX_BITS == period as u64 { Some(index & MAX_INDEX) } else { None }
}

/// The number of calls for which slices of this size have numbers.
pub(super) const fn end_of_numbers(slice: u64) -> u64 {
    slice * Key::new(0, u64::MAX).number()
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Window")
            .field("calls", &self.calls)
            .field("index", &(self.index.load(Relaxed) & MAX_INDEX))
            .field("failures", &self.failures)
            .field("slow", &self.slow)
            .finish()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_full_slice_takes_neither_calls_nor_what_they_came_to() {
        let (window, span, now) = (Window::new(), Span::Time { slice: 60 }, || 0);
        window.calls.keep(Slice::new(Key::new(0, 0), u64::MAX));
        assert_eq!(window.add(span, 0, || true, now), None);
        assert_eq!(window.add(span, 0, || true, || 60), Some(Key::new(0, 1)));
    }
}
