//! Guards whose state lies in a mapped file: the one module with unsafe code.
//!
//! A guard is one struct, and its state comes last. Here it lies across a seam between two mappings of one
//! reserved range: what belongs to the process before it, the state behind it.
//!
//! ```text
//! private pages, anonymous          │ shared page, the file
//!              parameters, counters │ state
//!              ▲ the guard begins   ▲ the seam, at G::STATE
//! ```
//!
//! # Invariants
//!
//! 1. The range is never unmapped, so a reference to the guard holds as long as the process.
//! 2. Behind the seam lies nothing but 64-bit atomics ([`StateOfAtomics`]). Each value of their bits is
//!    valid, so another process can cause wrong decisions but no undefined behaviour.
//! 3. The file has [`SIZE`] bytes when it is mapped, and no code of this project makes a file shorter. Where
//!    another program of the user does, the kernel ends the process with SIGBUS.
//! 4. `mmap` with `MAP_FIXED` replaces the shared page at once; what is there before and after is
//!    only read and written by atomics.
#![allow(unsafe_code)]

use std::os::fd::AsFd;
use std::ptr::{NonNull, null_mut};

use rebackoff_core::{Breaker, Budget, HostGuard};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};

use super::file::{SIZE, STATE_SIZE};

/// Multiples of it are the beginnings of pages on every machine.
const LARGEST_PAGE: usize = 64 * 1024;

/// A guard that consists of 64-bit atomics alone, from `STATE` to its end.
///
/// # Safety
///
/// The bytes from `STATE` on are `repr(C)`, and each is a part of an `AtomicU64`. The guard has no
/// drop glue.
pub(super) unsafe trait StateOfAtomics: HostGuard {}

// SAFETY: `Breaker` and `Budget` are `repr(C)`, and their last field is a `repr(C)` struct of atomics.
unsafe impl StateOfAtomics for Breaker {}
// SAFETY: as above.
unsafe impl StateOfAtomics for Budget {}

/// A reserved range with a seam, whose second part shows a file.
#[derive(Debug)]
pub(super) struct Seam {
    at: NonNull<u8>,
    /// The bytes before it that can be used.
    head: usize,
}

// SAFETY: it is an address. What lies there is used through the guard alone, which is `Sync`.
unsafe impl Send for Seam {}
// SAFETY: as above; `show` may run beside any use of the atomics (4).
unsafe impl Sync for Seam {}

impl Seam {
    /// Reserves a range for a guard of the type `G`, and shows `file` in it.
    pub(super) fn new<G: StateOfAtomics>(file: impl AsFd) -> Result<Self, Errno> {
        const {
            assert!(G::STATE % align_of::<G>() == 0 && align_of::<G>() <= SIZE);
            assert!(size_of::<G>() - G::STATE <= STATE_SIZE);
            assert!(!std::mem::needs_drop::<G>());
        }
        let head = G::STATE.next_multiple_of(LARGEST_PAGE);
        let (length, access) = (head + LARGEST_PAGE, ProtFlags::READ | ProtFlags::WRITE);
        // SAFETY: the kernel chooses a range that nothing uses.
        let base = unsafe { mmap_anonymous(null_mut(), length, access, MapFlags::PRIVATE) }?;
        // SAFETY: `head` lies within the range.
        let at = unsafe { base.cast::<u8>().add(head) };
        let seam = Self { at: NonNull::new(at).ok_or(Errno::NOMEM)?, head };
        seam.show(file).inspect_err(|_| {
            // SAFETY: the range was made here, and nothing refers to it.
            let _ = unsafe { munmap(base, length) };
        })?;
        Ok(seam)
    }

    /// Shows another file behind the seam.
    pub(super) fn show(&self, file: impl AsFd) -> Result<(), Errno> {
        let (access, flags) =
            (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED | MapFlags::FIXED);
        // SAFETY: the range was reserved for this (1, 4), and the file has the size (3).
        unsafe { mmap(self.at.as_ptr().cast(), SIZE, access, flags, file, 0) }.map(drop)
    }

    /// Places a guard across the seam; its state is that of the file.
    pub(super) fn place<G: StateOfAtomics>(&self, guard: &G) -> &'static G {
        assert!(G::STATE <= self.head, "the seam was made for another guard");
        // SAFETY: the bytes before the seam are reserved, and nothing else is placed there: a guard is
        // placed once, by `open`. Behind the seam lie atomics, which any bits are valid for (2). The
        // alignment was checked by `new`, and the range stays mapped (1). No drop glue is lost.
        unsafe {
            let place = self.at.as_ptr().sub(G::STATE);
            std::ptr::copy_nonoverlapping(std::ptr::from_ref(guard).cast::<u8>(), place, G::STATE);
            &*place.cast::<G>()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::FileExt;

    use rebackoff_core::{Cost, Moment};

    use super::*;

    fn file() -> std::fs::File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[0; SIZE]).unwrap();
        file
    }

    #[test]
    fn the_state_is_in_the_file_and_the_rest_is_not() {
        let (first, second) = (file(), file());
        let seam = Seam::new::<Budget>(&first).unwrap();
        let budget = seam.place(&Budget::quota().capacity(10).build().unwrap());
        let withdraw = || budget.withdraw_at(Cost::Retry, || Moment::ZERO).is_ok();
        assert!(withdraw());
        let word = |file: &std::fs::File| {
            let mut bytes = [0; 8];
            file.read_exact_at(&mut bytes, 0).unwrap();
            u64::from_ne_bytes(bytes)
        };
        assert_eq!((word(&first), word(&second)), (5, 0));
        seam.show(&second).unwrap();
        assert!(withdraw() && withdraw() && !withdraw());
        assert_eq!((word(&first), word(&second), budget.refused()), (5, 10, 1));
    }
}
