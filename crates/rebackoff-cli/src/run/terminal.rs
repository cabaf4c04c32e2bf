//! The terminal, and the process group that it listens to.

use std::fs::File;

use rustix::process::Pid;
use rustix::termios::tcgetpgrp;

/// The controlling terminal.
///
/// A try at a terminal stays in rebackoff's own process group: Ctrl-C and Ctrl-Z reach the script around it,
/// rebackoff and the command, as they would without rebackoff.
#[derive(Debug)]
pub(super) struct Terminal(File);

impl Terminal {
    pub(super) fn open() -> Option<Self> {
        File::options().read(true).write(true).open("/dev/tty").ok().map(Self)
    }

    /// Returns whether the terminal listens to rebackoff's own process group.
    pub(super) fn is_ours(&self) -> bool {
        // A group that is led from another pid namespace, as may be in a container, is zero.
        let own = Pid::from_raw(nix::unistd::getpgrp().as_raw());
        own.is_some_and(|own| tcgetpgrp(&self.0).is_ok_and(|listening| listening == own))
    }
}
