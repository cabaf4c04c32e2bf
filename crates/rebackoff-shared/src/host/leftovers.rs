//! Files that a killed process has left half-made.
//!
//! A file is made as `.FILE.PROCESS.NUMBER`, and its maker holds a lock on it, which ends with the process.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, flock, openat, unlinkat};
use rustix::io::Errno;

use super::{folder, name};

/// The name of a file in the making; no process gives it twice.
pub(super) fn temporary(file: &str) -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!(".{file}.{}.{}", std::process::id(), NUMBER.fetch_add(1, Relaxed))
}

/// Keeps a file from being taken for a leftover. Returns whether no other process did so before.
pub(super) fn claim(file: &OwnedFd) -> bool {
    // Where files have no locks, no process removes one.
    lock(file) != Err(Errno::WOULDBLOCK)
}

fn lock(file: &OwnedFd) -> Result<(), Errno> {
    flock(file, FlockOperation::NonBlockingLockExclusive)
}

/// Removes the files that no process makes any more.
pub(super) fn remove(folder: &OwnedFd, path: &Path) {
    let files = folder::files(path).unwrap_or_default();
    for file in files.iter().filter(|file| is_temporary(file)) {
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        if let Ok(opened) = openat(folder, file.as_str(), flags, Mode::empty()) {
            if lock(&opened).is_ok() {
                let _ = unlinkat(folder, file.as_str(), AtFlags::empty());
            }
        }
    }
}

fn is_temporary(file: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts = || {
        let (rest, number) = file.strip_prefix('.')?.rsplit_once('.')?;
        let (made, process) = rest.rsplit_once('.')?;
        (is_number(number) && is_number(process)).then(|| name::parts(made))?
    };
    parts().is_some()
}
