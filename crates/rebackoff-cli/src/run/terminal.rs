//! The terminal, and which process group it listens to.

use std::fs::File;

use nix::sys::signal::{SigSet, Signal};
use rustix::process::Pid;
use rustix::termios::{tcgetpgrp, tcsetpgrp};

use super::children::own_group;

/// The controlling terminal.
///
/// While a try runs, its process group is the one that the terminal listens to, as it is for a shell's job: Ctrl-C
/// and Ctrl-Z go to it, and it may read.
pub(super) struct Terminal(File);

impl Terminal {
    pub(super) fn open() -> Option<Self> {
        File::options().read(true).write(true).open("/dev/tty").ok().map(Self)
    }

    /// Whether the terminal listens to rebackoff's own process group.
    pub(super) fn is_ours(&self) -> bool {
        own_group().is_some_and(|group| self.listens_to(group))
    }

    pub(super) fn listens_to(&self, group: Pid) -> bool {
        tcgetpgrp(&self.0).is_ok_and(|listening| listening == group)
    }

    /// Lets `group` have the terminal, if it is ours to give.
    pub(super) fn give_to(&self, group: Pid) -> bool {
        self.is_ours() && self.set(group)
    }

    /// Takes the terminal back from `group`, unless somebody else has it by now.
    pub(super) fn take_from(&self, group: Pid) {
        if let Some(own) = own_group().filter(|_| self.listens_to(group)) {
            self.set(own);
        }
    }

    fn set(&self, group: Pid) -> bool {
        // From the background this raises TTOU, which stops a process unless it is blocked.
        let ttou = SigSet::from(Signal::SIGTTOU);
        let was_blocked =
            SigSet::thread_get_mask().is_ok_and(|mask| mask.contains(Signal::SIGTTOU));
        let _ = ttou.thread_block();
        let done = tcsetpgrp(&self.0, group).is_ok();
        if !was_blocked {
            let _ = ttou.thread_unblock();
        }
        done
    }
}
