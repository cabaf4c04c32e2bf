//! The clock of a guard in a file, which also finds that the file was removed.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rebackoff_core::Moment;
use rustix::fs::{Stat, lstat};

use super::SharedError;
use super::file::GuardFile;
use super::mapping::Seam;

/// Nanoseconds between two looks.
const BETWEEN_LOOKS: u64 = 1_000_000_000;

#[derive(Debug)]
pub(super) struct Watch {
    file: GuardFile,
    clock: fn() -> Moment,
    /// The numbers of device and file that are mapped.
    device: AtomicU64,
    inode: AtomicU64,
    looked_at: AtomicU64,
}

impl Watch {
    pub(super) fn new(file: GuardFile, stat: &Stat, clock: fn() -> Moment) -> Self {
        let looked_at = AtomicU64::new(clock().nanos());
        let (device, inode) = (AtomicU64::new(stat.st_dev), AtomicU64::new(stat.st_ino));
        Self { file, clock, device, inode, looked_at }
    }

    /// The moment now. At most once a second, looks whether the file is still the one that is mapped.
    pub(super) fn now(&self, seam: &Seam) -> Moment {
        let now = (self.clock)();
        let last = self.looked_at.load(Relaxed);
        if now.nanos().saturating_sub(last) >= BETWEEN_LOOKS
            && self.looked_at.compare_exchange(last, now.nanos(), Relaxed, Relaxed).is_ok()
        {
            // Until it can be opened anew, the removed file serves this process.
            let _ = self.look(seam);
        }
        now
    }

    #[cold]
    fn look(&self, seam: &Seam) -> Result<(), SharedError> {
        let is_mapped = |stat: Stat| {
            (stat.st_dev, stat.st_ino) == (self.device.load(Relaxed), self.inode.load(Relaxed))
        };
        let path = self.file.path();
        if lstat(&path).is_ok_and(is_mapped) {
            return Ok(());
        }
        let (file, stat) = self.file.open()?;
        seam.show(&file).map_err(SharedError::io("map", &path))?;
        self.device.store(stat.st_dev, Relaxed);
        self.inode.store(stat.st_ino, Relaxed);
        Ok(())
    }
}
