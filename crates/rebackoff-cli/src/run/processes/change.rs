//! Changes of children.

use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions, WaitStatus, wait};

/// A change of a child.
pub(in crate::run) enum Change {
    Ended(WaitStatus),
    Stopped,
}

/// The next change of a child; `None` when there is none.
pub(in crate::run) fn next_change() -> Option<(Pid, Change)> {
    loop {
        let (child, status) = match wait(WaitOptions::NOHANG | WaitOptions::UNTRACED) {
            Ok(Some(change)) => change,
            Err(Errno::INTR) => continue,
            Ok(None) | Err(_) => return None,
        };
        let change = if status.stopped() { Change::Stopped } else { Change::Ended(status) };
        return Some((child, change));
    }
}

/// Forgets all children that have ended: until then each keeps its number, and passes for alive.
pub(in crate::run) fn reap() {
    while next_change().is_some() {}
}
