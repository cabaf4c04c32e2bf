//! Counts over a sliding window, without a lock.

use core::fmt;

use crate::atomic::{AtomicU64, Ordering::Relaxed, const_unless_loom, zeros};

/// Into how many slices a window is cut: the one that is filling, and those before it.
pub(crate) const SLICES: u64 = 10;

const PLACES: usize = 10;
const COUNT_BITS: u32 = 22;
const NUMBER_BITS: u32 = 35;
const PERIODS: u8 = 128;
const MAX_COUNT: u64 = (1 << COUNT_BITS) - 1;
const MAX_NUMBER: u64 = (1 << NUMBER_BITS) - 1;

/// Which slice: a period, in which slices are numbered from 0 (at ten a second, they last for 108
/// years). A period makes all that was counted before it void; after 128 they come round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(u64);

impl Key {
    #[inline]
    pub(crate) const fn new(period: u8, number: u64) -> Self {
        let number = if number < MAX_NUMBER { number } else { MAX_NUMBER };
        Self(((period % PERIODS) as u64) << NUMBER_BITS | number)
    }

    #[allow(clippy::cast_possible_truncation, reason = "7 bits are left")]
    const fn period(self) -> u8 {
        (self.0 >> NUMBER_BITS) as u8
    }

    pub(crate) const fn number(self) -> u64 {
        self.0 & MAX_NUMBER
    }
}

/// A slice and what was counted in it, in one word: of two words of a period the greater one is
/// the later.
#[derive(Clone, Copy)]
pub(crate) struct Slice(pub(crate) u64);

impl Slice {
    #[inline]
    pub(crate) const fn new(key: Key, count: u64) -> Self {
        let count = if count < MAX_COUNT { count } else { MAX_COUNT };
        Self(key.0 << COUNT_BITS | count)
    }

    #[inline]
    pub(crate) const fn key(self) -> Key {
        Key(self.0 >> COUNT_BITS)
    }

    #[inline]
    pub(crate) const fn count(self) -> u64 {
        self.0 & MAX_COUNT
    }

    #[inline]
    pub(crate) const fn plus_one(self) -> Self {
        Self::new(self.key(), self.count() + 1)
    }

    /// The count, if this is among the `slices` slices that end with `last`.
    #[inline]
    pub(crate) const fn count_within(self, last: Key, slices: u64) -> u64 {
        // From a later slice the distance wraps and is great.
        if last.0.wrapping_sub(self.key().0) < slices { self.count() } else { 0 }
    }
}

/// The least word of the `slices` slices that end with `last`.
#[inline]
const fn first_word(last: Key, slices: u64) -> u64 {
    Slice::new(Key((last.0 + 1).saturating_sub(slices)), 0).0
}

/// The greatest word of slice `last`.
#[inline]
const fn last_word(last: Key) -> u64 {
    Slice::new(last, MAX_COUNT).0
}

/// The slices of a window, each in the place that its number gives it, until one that is
/// [`SLICES`] later takes the place over. What has expired needs no sweeping: its key says so.
pub(crate) struct Ring([AtomicU64; PLACES]);

impl Ring {
    const_unless_loom! {
        pub(crate) fn new() -> Self {
            Self(zeros())
        }
    }

    /// The sum over the `slices` slices that end with `last`.
    #[inline]
    pub(crate) fn sum(&self, last: Key, slices: u64) -> u64 {
        self.sum_of_words(first_word(last, slices), last_word(last))
    }

    /// The same, without slices from `end` on.
    #[inline]
    pub(crate) fn sum_before(&self, end: Key, last: Key, slices: u64) -> u64 {
        let first = first_word(last, slices);
        match Slice::new(end, 0).0.checked_sub(1) {
            Some(before_end) if before_end >= first => {
                self.sum_of_words(first, before_end.min(last_word(last)))
            }
            _ => 0,
        }
    }

    /// The counts of the words from `first` to `last`. A word begins with its key, so that one
    /// comparison finds those of a window.
    #[inline]
    fn sum_of_words(&self, first: u64, last: u64) -> u64 {
        let width = last - first;
        let within = |slice: Slice| slice.0.wrapping_sub(first) <= width;
        self.slices().map(|slice| if within(slice) { slice.count() } else { 0 }).sum()
    }

    /// Counts one in slice `key`, unless its period is over or its place belongs to a later one.
    #[inline]
    pub(crate) fn add(&self, key: Key) {
        let place = self.place(key);
        let mut old = Slice(place.load(Relaxed));
        loop {
            let next = if old.key() == key {
                old.plus_one()
            } else if old.key().period() == key.period() && old.key() < key {
                Slice::new(key, 1)
            } else {
                return;
            };
            match place.compare_exchange_weak(old.0, next.0, Relaxed, Relaxed) {
                Ok(_) => return,
                Err(current) => old = Slice(current),
            }
        }
    }

    /// Keeps `slice`, unless its place belongs to a later one already.
    pub(crate) fn keep(&self, slice: Slice) {
        self.place(slice.key()).fetch_max(slice.0, Relaxed);
    }

    /// Begins `period`, unless a later one has begun: every place belongs to it, and is empty.
    pub(crate) fn begin(&self, period: u8) {
        let empty = Slice::new(Key::new(period, 0), 0);
        for place in &self.0 {
            renew(place, empty.0, |old| is_before(Slice(old).key().period(), period));
        }
    }

    fn slices(&self) -> impl Iterator<Item = Slice> + '_ {
        self.0.iter().map(|place| Slice(place.load(Relaxed)))
    }

    #[inline]
    fn place(&self, key: Key) -> &AtomicU64 {
        #[allow(clippy::cast_possible_truncation, reason = "a remainder of 10 fits")]
        &self.0[(key.number() % SLICES) as usize]
    }
}

/// Whether period `one` comes before `other`, the nearer way round.
pub(crate) const fn is_before(one: u8, other: u8) -> bool {
    let ahead = other.wrapping_sub(one) % PERIODS;
    ahead > 0 && ahead < PERIODS / 2
}

/// Puts `new` into `place` for as long as what is there is `outdated`.
pub(crate) fn renew(place: &AtomicU64, new: u64, outdated: impl Fn(u64) -> bool) {
    let mut old = place.load(Relaxed);
    while outdated(old) {
        match place.compare_exchange_weak(old, new, Relaxed, Relaxed) {
            Ok(_) => return,
            Err(current) => old = current,
        }
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.slices().map(|s| (s.key().number(), s.count()))).finish()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn key(number: u64) -> Key {
        Key::new(7, number)
    }

    #[test]
    fn a_slice_expires_when_the_window_has_passed_it() {
        let ring = Ring::new();
        ring.begin(7);
        ring.add(key(3));
        ring.add(key(3));
        ring.add(key(12));
        assert_eq!(ring.sum(key(12), SLICES), 3);
        assert_eq!(ring.sum(key(13), SLICES), 1);
        assert_eq!(ring.sum(key(13), 1), 0);
        assert_eq!(ring.sum(key(u64::MAX), SLICES), 0);
    }

    #[test]
    fn what_is_late_is_dropped() {
        let ring = Ring::new();
        ring.begin(7);
        ring.add(key(13));
        ring.add(key(3));
        assert_eq!(ring.sum(key(13), SLICES), 1);
        ring.add(Key::new(6, 14));
        assert_eq!(ring.sum(key(14), SLICES), 1);
    }

    #[test]
    fn a_period_voids_those_before_it_and_no_later_one() {
        let ring = Ring::new();
        ring.add(Key::new(0, 5));
        ring.begin(1);
        ring.begin(0);
        ring.add(Key::new(1, 5));
        assert_eq!(ring.sum(Key::new(1, 5), SLICES), 1);
        assert!(is_before(127, 0) && is_before(0, 63) && !is_before(1, 1) && !is_before(0, 127));
    }

    #[test]
    fn a_full_count_stays_full() {
        let slice = Slice::new(key(1), u64::MAX);
        assert_eq!(slice.plus_one().count(), MAX_COUNT);
        assert_eq!(slice.plus_one().key(), key(1));
    }
}
