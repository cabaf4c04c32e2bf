//! Signals by handlers, on systems without a descriptor for them.

use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;

use nix::sys::signal::{SigSet, Signal};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;

use super::{Arrived, ignored, received};

/// The signals that reach rebackoff itself, as a descriptor that can be polled.
///
/// They stay caught until the process ends.
pub(in crate::run) struct Inbox(ManuallyDrop<SignalDelivery<UnixStream, SignalOnly>>);

impl Inbox {
    pub(in crate::run) fn open(at_terminal: bool) -> io::Result<Self> {
        let (read, write) = UnixStream::pair()?;
        let received = received(at_terminal, ignored()).map(|signal| signal as i32);
        let delivery = SignalDelivery::with_pipe(read, write, SignalOnly, received)?;
        Ok(Self(ManuallyDrop::new(delivery)))
    }

    /// The signals that the command has blocked when it starts.
    pub(in crate::run) fn command_mask(&self) -> SigSet {
        SigSet::thread_get_mask().unwrap_or_else(|_| SigSet::empty())
    }

    pub(in crate::run) fn descriptor(&self) -> BorrowedFd<'_> {
        self.0.get_read().as_fd()
    }

    /// The signals that have arrived since the last time. The sender is not known here, so an interrupt at a terminal
    /// counts as typed.
    pub(in crate::run) fn take(&mut self) -> impl Iterator<Item = Arrived> + use<> {
        let arrived: Vec<_> =
            self.0.pending().filter_map(|number| Signal::try_from(number).ok()).collect();
        arrived.into_iter().map(|signal| Arrived {
            signal,
            from_terminal: matches!(signal, Signal::SIGINT | Signal::SIGQUIT | Signal::SIGWINCH),
        })
    }
}
