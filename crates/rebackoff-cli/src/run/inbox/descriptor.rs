//! Signals as a descriptor of the system: they are blocked, and read from there.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::Arc;

use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::{Arrived, has, ignored, received};

/// The signals that reach rebackoff itself, as a descriptor that can be polled.
#[derive(Debug)]
pub(in crate::run) struct Inbox {
    descriptor: SignalFd,
    /// The signals that were blocked before, for the command.
    inherited: SigSet,
}

impl Inbox {
    pub(in crate::run) fn open(at_terminal: bool) -> io::Result<Self> {
        let ignored = ignored();
        if has(ignored, Signal::SIGCHLD) {
            // Otherwise the system keeps neither the end of a child nor its exit code. The handler is never called.
            signal_hook::flag::register(Signal::SIGCHLD as i32, Arc::default())?;
        }
        let received: SigSet = received(at_terminal, ignored).collect();
        let descriptor =
            SignalFd::with_flags(&received, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        let inherited = received.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        Ok(Self { descriptor, inherited })
    }

    /// The signals that the command has blocked when it starts.
    pub(in crate::run) fn command_mask(&self) -> SigSet {
        self.inherited
    }

    pub(in crate::run) fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    /// The signals that have arrived since the last time.
    pub(in crate::run) fn take(&self) -> impl Iterator<Item = Arrived> + use<> {
        let next = || self.descriptor.read_signal().ok().flatten();
        let arrived: Vec<_> = std::iter::from_fn(next)
            .filter_map(|info| {
                let signal = Signal::try_from(i32::try_from(info.ssi_signo).ok()?).ok()?;
                // Positive codes are the kernel's own; those of senders are zero or negative.
                Some(Arrived { signal, from_terminal: info.ssi_code > 0 })
            })
            .collect();
        arrived.into_iter()
    }
}
