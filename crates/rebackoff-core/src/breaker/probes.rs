//! The permits of a half-open breaker.

use core::fmt;

use super::word::GENERATIONS;
use crate::atomic::{
    AtomicU64, Ordering::AcqRel, Ordering::Acquire, Ordering::Relaxed, const_unless_loom, zeros,
};
use crate::slices::renew;

/// The most permits.
pub(super) const MAX_PROBES: u8 = 16;

const EXPIRY_BITS: u32 = 42;
const TICKET_BITS: u32 = 8;
const MAX_EXPIRY: u64 = (1 << EXPIRY_BITS) - 1;

/// The holder of a place, in one word: a generation, a ticket and an expiry in milliseconds, 0 once the
/// place is free. Each taking raises the ticket, which makes a permit good for one release.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Holder(pub(super) u64);

impl Holder {
    fn next(self, generation: u16, expiry: u64) -> Self {
        let ticket = self.ticket().wrapping_add(1);
        let upper = u64::from(generation) << TICKET_BITS | u64::from(ticket);
        Self(upper << EXPIRY_BITS | expiry.min(MAX_EXPIRY))
    }

    fn released(self) -> Self {
        Self(self.0 & !MAX_EXPIRY)
    }

    #[allow(clippy::cast_possible_truncation, reason = "the other bits are shifted out")]
    fn generation(self) -> u16 {
        (self.0 >> (EXPIRY_BITS + TICKET_BITS)) as u16
    }

    #[allow(clippy::cast_possible_truncation, reason = "the other bits are cut off")]
    fn ticket(self) -> u8 {
        (self.0 >> EXPIRY_BITS) as u8
    }

    fn expiry(self) -> u64 {
        self.0 & MAX_EXPIRY
    }

    /// Returns whether this holder keeps a probe of `generation` out. A holder of a later generation
    /// does as well, because the asking call is late.
    fn keeps_out(self, generation: u16, now: u64) -> bool {
        let age = generation.wrapping_sub(self.generation()) % GENERATIONS;
        now < self.expiry() && (age == 0 || age > GENERATIONS / 2)
    }
}

/// A place that was taken; good for one release.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Probe {
    pub(super) place: u8,
    pub(super) holder: Holder,
}

impl Probe {
    /// The generation that it belongs to.
    pub(super) fn generation(self) -> u16 {
        self.holder.generation()
    }
}

#[repr(C)]
pub(super) struct Probes([AtomicU64; MAX_PROBES as usize]);

impl Probes {
    const_unless_loom! {
        pub(super) fn new() -> Self {
            Self(zeros())
        }
    }

    /// Takes one of the first `most` places until `expiry`; all times in milliseconds.
    ///
    /// The error is the time at which the first of them expires.
    pub(super) fn take(
        &self,
        most: u8,
        generation: u16,
        now: u64,
        expiry: u64,
    ) -> Result<Probe, u64> {
        let mut first_expiry = MAX_EXPIRY;
        for (index, place) in (0..most).zip(&self.0) {
            let mut old = Holder(place.load(Relaxed));
            loop {
                if old.keeps_out(generation, now) {
                    first_expiry = first_expiry.min(old.expiry());
                    break;
                }
                let holder = old.next(generation, expiry);
                match place.compare_exchange_weak(old.0, holder.0, AcqRel, Relaxed) {
                    Ok(_) => return Ok(Probe { place: index, holder }),
                    Err(current) => old = Holder(current),
                }
            }
        }
        Err(first_expiry)
    }

    /// The expiry of the first of the first `most` places; `None` while one is free.
    pub(super) fn first_expiry(&self, most: u8, generation: u16, now: u64) -> Option<u64> {
        let held = |place: &AtomicU64| {
            let holder = Holder(place.load(Relaxed));
            holder.keeps_out(generation, now).then_some(holder.expiry())
        };
        let places = self.0.iter().take(usize::from(most));
        places.map(held).try_fold(MAX_EXPIRY, |first, expiry| Some(first.min(expiry?)))
    }

    /// Frees the places that other generations hold, as long as `is_due`. Done twice in a turn of the
    /// generations, so that no hung probe of an earlier one is taken for one of a later one.
    pub(super) fn forget_all_but(&self, generation: u16, is_due: impl Fn() -> bool) {
        for place in &self.0 {
            let held = Holder(place.load(Acquire));
            let is_other = |now| now == held.0 && held.generation() != generation;
            renew(place, held.released().0, |now| is_other(now) && is_due());
        }
    }

    /// Gives the place back; `false` if `probe` does not hold it any more.
    pub(super) fn release(&self, probe: Probe, now: u64) -> bool {
        let Some(place) = self.0.get(usize::from(probe.place)) else {
            return false;
        };
        let (held, released) = (probe.holder, probe.holder.released());
        now < held.expiry() && place.compare_exchange(held.0, released.0, AcqRel, Relaxed).is_ok()
    }
}

impl fmt::Debug for Probes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let taken = self.0.iter().map(|place| Holder(place.load(Relaxed)));
        f.debug_list().entries(taken.filter(|holder| holder.expiry() > 0)).finish()
    }
}
