//! The signals that reach rebackoff itself.

use std::fs::File;
use std::io::{self, Read as _};
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;

use rustix::process::Signal;
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;

/// Those that end the call.
pub(super) const ENDING: [Signal; 4] = [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT];

const OTHERS: [Signal; 7] = [
    Signal::USR1,
    Signal::USR2,
    Signal::WINCH,
    Signal::CONT,
    Signal::TSTP,
    Signal::CHILD,
    // A file that may not grow is an error where it is written.
    Signal::XFSZ,
];

/// The signals that reach rebackoff itself, as a descriptor that can be polled.
///
/// They are caught and not blocked, because a command inherits what is blocked. One that was ignored when
/// rebackoff was started stays so, for the command too: `nohup` works.
///
/// They stay caught until the process ends: there is nothing that letting go of them would be good for.
pub(super) struct Inbox(ManuallyDrop<SignalDelivery<UnixStream, SignalOnly>>);

impl Inbox {
    pub(super) fn open() -> io::Result<Self> {
        let ignored = ignored();
        let is_heard = |signal: &Signal| ignored >> (signal.as_raw() - 1) & 1 == 0;
        let heard = ENDING.into_iter().filter(is_heard).chain(OTHERS).map(Signal::as_raw);
        let (read, write) = UnixStream::pair()?;
        let delivery = SignalDelivery::with_pipe(read, write, SignalOnly, heard)?;
        Ok(Self(ManuallyDrop::new(delivery)))
    }

    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.0.get_read().as_fd()
    }

    /// What has arrived since the last time.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Signal> + use<> {
        let arrived: Vec<_> = self.0.pending().filter_map(Signal::from_named_raw).collect();
        arrived.into_iter()
    }
}

/// The signals that this process ignores, a bit for each; none where the system does not tell.
fn ignored() -> u64 {
    let mut status = [0; 4096];
    let read = File::open("/proc/self/status").and_then(|mut file| file.read(&mut status));
    let status = String::from_utf8_lossy(&status[..read.unwrap_or(0)]);
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
