//! What a breaker counts over a sliding window.

use core::fmt;

use super::Counts;
use crate::atomic::{AtomicU64, Ordering::Relaxed, const_unless_loom};
use crate::slices::{Key, Ring, SLICES, is_before, renew};

/// How long the window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    /// Calls in a slice, and slices.
    Calls { slice: u64, slices: u64 },
    /// Nanoseconds in a slice; ten slices.
    Time { slice: u64 },
}

const INDEX_BITS: u32 = 56;
const MAX_INDEX: u64 = (1 << INDEX_BITS) - 1;

/// The calls, failures and slow calls of the window. Each belongs to a period, the breaker's
/// generation, and what comes late from an earlier one is dropped.
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

    /// Counts a call, and says in which slice; `None` when its period is over.
    #[inline]
    pub(super) fn add(&self, span: Span, period: u8, now: impl FnOnce() -> u64) -> Option<Key> {
        match span {
            Span::Time { slice } => {
                let key = Key::new(period, now() / slice);
                self.calls.add(key);
                Some(key)
            }
            Span::Calls { slice, .. } => {
                let index = self.add_to_index(period)?;
                Some(Key::new(period, index / slice))
            }
        }
    }

    #[inline]
    fn add_to_index(&self, period: u8) -> Option<u64> {
        let mut old = self.index.load(Relaxed);
        loop {
            let calls = old & MAX_INDEX;
            if old >> INDEX_BITS != u64::from(period) || calls == MAX_INDEX {
                return None;
            }
            match self.index.compare_exchange_weak(old, old + 1, Relaxed, Relaxed) {
                Ok(_) => return Some(calls),
                Err(current) => old = current,
            }
        }
    }

    pub(super) fn add_failure(&self, key: Key) {
        self.failures.add(key);
    }

    pub(super) fn add_slow(&self, key: Key) {
        self.slow.add(key);
    }

    /// What the window that ends with slice `last` has counted.
    pub(super) fn counts(&self, span: Span, last: Key) -> Counts {
        let (calls, slices) = match span {
            Span::Time { .. } => (self.calls.sum(last, SLICES), SLICES),
            Span::Calls { slice, slices } => {
                let gone = (last.number() + 1).saturating_sub(slices).saturating_mul(slice);
                let calls = (self.index.load(Relaxed) & MAX_INDEX).saturating_sub(gone);
                (calls.min(slice.saturating_mul(slices)), slices)
            }
        };
        Counts {
            calls,
            failures: self.failures.sum(last, slices),
            slow: self.slow.sum(last, slices),
        }
    }

    /// The slice of the latest call, or of `now`.
    pub(super) fn last(&self, span: Span, period: u8, now: impl FnOnce() -> u64) -> Key {
        match span {
            Span::Time { slice } => Key::new(period, now() / slice),
            Span::Calls { slice, .. } => {
                let calls = self.index.load(Relaxed) & MAX_INDEX;
                Key::new(period, calls.saturating_sub(1) / slice)
            }
        }
    }

    /// Begins `period`, empty, unless a later one has begun.
    pub(super) fn begin(&self, period: u8) {
        self.calls.begin(period);
        self.failures.begin(period);
        self.slow.begin(period);
        let empty = u64::from(period) << INDEX_BITS;
        #[allow(clippy::cast_possible_truncation, reason = "8 bits are left")]
        renew(&self.index, empty, |old| is_before((old >> INDEX_BITS) as u8, period));
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = self.index.load(Relaxed) & MAX_INDEX;
        f.debug_struct("Window")
            .field("calls", &self.calls)
            .field("index", &calls)
            .field("failures", &self.failures)
            .field("slow", &self.slow)
            .finish()
    }
}
