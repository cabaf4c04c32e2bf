//! Counts over a sliding window, without a lock.

use core::fmt;

use crate::atomic::{AtomicU64, Ordering, Ordering::Relaxed, const_unless_loom, zeros};

/// The number of slices in a window: the slice that is filling, and those before it.
pub(crate) const SLICES: u64 = PLACES as u64;

/// Ten; two for loom, which tries every order of what happens to them.
const PLACES: usize = if cfg!(loom) { 2 } else { 10 };
const COUNT_BITS: u32 = 22;
const NUMBER_BITS: u32 = 35;
pub(crate) const PERIODS: u8 = 128;
const MAX_COUNT: u64 = (1 << COUNT_BITS) - 1;
const MAX_NUMBER: u64 = (1 << NUMBER_BITS) - 1;

/// The identity of a slice: a period, and a number in it, from 0 (at ten a second, they last for 108
/// years). A period voids all counts before it; after 128 they come round.
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
#[derive(Clone, Copy, Debug)]
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
        if self.is_full() { self } else { Self(self.0 + 1) }
    }

    /// This slice with so many more, up to its greatest count.
    pub(crate) const fn plus(self, more: u64) -> Self {
        let room = MAX_COUNT - self.count();
        Self(self.0 + if more < room { more } else { room })
    }

    /// This slice with the greatest count.
    #[cfg(all(test, not(loom)))]
    pub(crate) const fn full(self) -> Self {
        Self(self.0 | MAX_COUNT)
    }

    #[inline]
    pub(crate) const fn minus_one(self) -> Self {
        Self::new(self.key(), self.count().saturating_sub(1))
    }

    /// Returns whether the count is the greatest.
    #[inline]
    pub(crate) const fn is_full(self) -> bool {
        self.count() == MAX_COUNT
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
/// [`SLICES`] later takes the place over. An expired slice needs no sweeping: its key tells. A slice of
/// another period is taken over by the first count in the current one, so that no period needs a
/// beginning, and a thread or process that ends between two steps leaves nothing half begun.
#[repr(C)]
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

    /// The sum over the `slices` slices that end with `last`, without slices from `end` on.
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

    /// Counts one in slice `key`, and says so; unless its period is over, its place belongs to a later
    /// slice, or it is full.
    ///
    /// `is_current`, whether the period goes on, is asked between the load of a place of another period
    /// and its exchange: a thread that went on to a later period has changed the place.
    #[inline]
    pub(crate) fn add(&self, key: Key, is_current: impl Fn() -> bool) -> bool {
        let place = self.place(key);
        let mut old = Slice(place.load(Ordering::Acquire));
        loop {
            let next = if old.key() == key && !old.is_full() {
                old.plus_one()
            } else if old.key().period() == key.period() {
                if old.key() >= key {
                    return false;
                }
                Slice::new(key, 1)
            } else if is_current() {
                Slice::new(key, 1)
            } else {
                return false;
            };
            match place.compare_exchange_weak(old.0, next.0, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return true,
                Err(current) => old = Slice(current),
            }
        }
    }

    /// Takes one back out of the slice that `is_it` knows, if it is still there.
    pub(crate) fn take_back(&self, is_it: impl Fn(Slice) -> bool) {
        for place in &self.0 {
            take_back(place, &is_it);
        }
    }

    /// Keeps `slice`, unless its place belongs to a later one already.
    pub(crate) fn keep(&self, slice: Slice) {
        self.place(slice.key()).fetch_max(slice.0, Relaxed);
    }

    /// Empties the places of all periods but `period`, before these come round.
    ///
    /// `is_due` is asked between the load of a place and its exchange, so that a late thread writes
    /// nothing: a thread that went on to a later period has changed the place.
    pub(crate) fn forget_all_but(&self, period: u8, is_due: &impl Fn() -> bool) {
        let empty = Slice::new(Key::new(period, 0), 0);
        let period = empty.key().period();
        for place in &self.0 {
            renew(place, empty.0, |old| Slice(old).key().period() != period && is_due());
        }
    }

    pub(crate) fn slices(&self) -> impl Iterator<Item = Slice> + '_ {
        self.0.iter().map(|place| Slice(place.load(Relaxed)))
    }

    #[inline]
    fn place(&self, key: Key) -> &AtomicU64 {
        #[allow(clippy::cast_possible_truncation, reason = "a small remainder")]
        &self.0[(key.number() % SLICES) as usize]
    }
}

/// Takes one back out of the slice in `place`, if `is_it`.
pub(crate) fn take_back(place: &AtomicU64, is_it: impl Fn(Slice) -> bool) -> bool {
    let mut old = Slice(place.load(Ordering::Acquire));
    while is_it(old) && old.count() > 0 {
        let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
        match place.compare_exchange_weak(old.0, old.minus_one().0, success, failure) {
            Ok(_) => return true,
            Err(current) => old = Slice(current),
        }
    }
    false
}

/// Puts `new` into `place` for as long as what is there is `outdated`.
pub(crate) fn renew(place: &AtomicU64, new: u64, outdated: impl Fn(u64) -> bool) {
    let mut old = place.load(Ordering::Acquire);
    while outdated(old) {
        match place.compare_exchange_weak(old, new, Ordering::AcqRel, Ordering::Acquire) {
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
        ring.add(key(3), || true);
        ring.add(key(3), || true);
        ring.add(key(12), || true);
        assert_eq!(ring.sum(key(12), SLICES), 3);
        assert_eq!(ring.sum(key(13), SLICES), 1);
        assert_eq!(ring.sum(key(13), 1), 0);
        assert_eq!(ring.sum(key(u64::MAX), SLICES), 0);
    }

    #[test]
    fn what_is_late_is_dropped() {
        let ring = Ring::new();
        ring.add(key(13), || true);
        ring.add(key(3), || true);
        assert_eq!(ring.sum(key(13), SLICES), 1);
        ring.add(Key::new(6, 14), || false);
        assert_eq!(ring.sum(key(14), SLICES), 1);
    }

    #[test]
    fn a_count_in_the_current_period_takes_the_place_of_any_other() {
        for other in (0..PERIODS).filter(|&period| period != 7) {
            let ring = Ring::new();
            ring.add(Key::new(other, 5), || true);
            assert_eq!(ring.sum(key(5), SLICES), 0, "{other}");
            assert!(ring.add(key(5), || true), "{other}");
            assert!(!ring.add(Key::new(other, 5), || false), "{other}");
            assert_eq!(ring.sum(key(5), SLICES), 1, "{other}");
        }
    }

    #[test]
    fn a_period_that_comes_round_finds_nothing_of_its_last_turn() {
        let ring = Ring::new();
        ring.add(key(3), || true);
        ring.forget_all_but(8, &|| false);
        assert_eq!(ring.sum(key(3), SLICES), 1);
        ring.forget_all_but(8, &|| true);
        assert_eq!(ring.sum(key(3), SLICES), 0);
    }

    #[test]
    fn a_full_count_stays_full() {
        let slice = Slice::new(key(1), u64::MAX);
        assert_eq!(slice.plus_one().count(), MAX_COUNT);
        assert_eq!(slice.plus_one().key(), key(1));
        let ring = Ring::new();
        ring.keep(slice);
        assert!(!Ring::new().add(Key::new(7, 1), || false) && !ring.add(key(1), || true));
        assert_eq!(ring.sum(key(1), SLICES), MAX_COUNT);
    }
}
