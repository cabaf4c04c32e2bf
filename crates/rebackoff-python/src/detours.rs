//! Why no call may go straight to its target: one word, which each call looks at.

use std::sync::atomic::{AtomicU8, Ordering};

static DETOURS: AtomicU8 = AtomicU8::new(0);

/// One reason.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Detour {
    /// Exporters are told of every call.
    Exporters = 1,
    /// A thread may leave a call in its midst for another one. Then a list of the calls that run on a
    /// thread says nothing, and only frames know what is inside what.
    Greenlets = 2,
}

impl Detour {
    #[inline]
    pub(crate) fn is_needed(self) -> bool {
        DETOURS.load(Ordering::Relaxed) & self as u8 != 0
    }

    pub(crate) fn set(self, is_needed: bool) {
        if is_needed {
            DETOURS.fetch_or(self as u8, Ordering::Relaxed);
        } else {
            DETOURS.fetch_and(!(self as u8), Ordering::Relaxed);
        }
    }
}

/// Whether there is a reason.
#[inline]
pub(crate) fn are_needed() -> bool {
    DETOURS.load(Ordering::Relaxed) != 0
}
