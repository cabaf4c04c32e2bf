//! One stream from the command to where it belongs.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags};
use rustix::io::{Errno, ioctl_fionbio, ioctl_fionread};

use super::super::conditions::Seen;
use super::spool::Spool;
use super::watch::Watch;
use crate::CliError;

/// Read at once.
const READ: usize = 16 * 1024;
/// Written at once: a pipe that is ready takes so much without blocking.
const WRITE: usize = 4096;

/// The destination of a stream.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sink {
    Stdout,
    Stderr,
}

/// One stream of the command's: read, watched, and passed on or held back. Bytes stay as they are.
pub(super) struct Flow {
    sink: Sink,
    watch: Option<Watch>,
    source: Option<OwnedFd>,
    /// The bytes that may still be read, once the pipe is to be closed.
    left: Option<usize>,
    /// The output that is held back.
    held: Option<Spool>,
    /// The bytes of it that have been passed on, once they may be.
    released: Option<u64>,
    /// Output that has been read and is to be written, from `sent` on.
    pending: Vec<u8>,
    sent: usize,
    spilled: Option<io::Error>,
    failed: Option<Errno>,
}

impl Flow {
    pub(super) fn new(sink: Sink, watch: Option<Watch>, hold: bool) -> Self {
        Self {
            sink,
            watch,
            source: None,
            left: None,
            held: hold.then(Spool::default),
            released: None,
            pending: Vec::new(),
            sent: 0,
            spilled: None,
            failed: None,
        }
    }

    // Getters

    pub(super) fn seen(&self) -> Seen {
        self.watch.as_ref().map(Watch::seen).unwrap_or_default()
    }

    pub(super) fn is_done(&self) -> bool {
        self.source.is_none() && !self.has_pending() && !self.has_backlog()
    }

    pub(super) fn held_back(&self) -> u64 {
        match (&self.held, self.released) {
            (Some(held), None) => held.len(),
            _ => 0,
        }
    }

    pub(super) fn spilled(&self) -> Option<&io::Error> {
        self.spilled.as_ref()
    }

    pub(super) fn check(&self) -> Result<(), CliError> {
        match self.failed {
            // Without a reader the command gets SIGPIPE, as if it had written there itself.
            None | Some(Errno::PIPE) => Ok(()),
            Some(error) => {
                let sink = self.sink.name();
                Err(CliError::io(format_args!("cannot write to {sink}"), &error.into()))
            }
        }
    }

    /// The descriptor to poll for.
    pub(super) fn interest(&self) -> Option<PollFd<'_>> {
        if self.has_pending() {
            return Some(PollFd::from_borrowed_fd(self.sink.descriptor(), PollFlags::OUT));
        }
        self.source.as_ref().map(|source| PollFd::new(source, PollFlags::IN))
    }

    fn has_pending(&self) -> bool {
        self.sent < self.pending.len()
    }

    fn has_backlog(&self) -> bool {
        match (&self.held, self.released) {
            (Some(held), Some(released)) => released < held.len(),
            _ => false,
        }
    }

    // Handlers

    pub(super) fn connect(&mut self, source: OwnedFd) -> io::Result<()> {
        ioctl_fionbio(&source, true)?;
        self.source = Some(source);
        Ok(())
    }

    /// Makes what was held back pending, where it is free to go.
    pub(super) fn prepare(&mut self) {
        if self.has_pending() || !self.has_backlog() {
            return;
        }
        let (Some(held), Some(released)) = (&self.held, self.released) else {
            return;
        };
        self.pending.resize(READ, 0);
        match held.read_at(released, &mut self.pending) {
            Ok(count) => {
                self.pending.truncate(count);
                self.sent = 0;
                self.released = Some(released + count as u64);
            }
            Err(error) => {
                self.fail(Errno::from_io_error(&error).unwrap_or(Errno::IO));
            }
        }
    }

    /// One step, which does not block after [`interest`](Self::interest) was met.
    pub(super) fn advance(&mut self) {
        if self.has_pending() {
            self.write();
        } else {
            self.read();
        }
    }

    pub(super) fn search_to_end(&mut self) {
        self.watch.iter_mut().for_each(Watch::handle_end);
    }

    /// Closes the pipe behind what is in it now.
    pub(super) fn finish(&mut self) {
        if let Some(source) = &self.source {
            let waiting = ioctl_fionread(source).unwrap_or(0);
            self.left = Some(usize::try_from(waiting).unwrap_or(usize::MAX));
            if waiting == 0 {
                self.close();
            }
        }
    }

    /// Turns what was held back to stderr.
    pub(super) fn divert(&mut self) {
        if self.held.is_some() {
            self.sink = Sink::Stderr;
            self.release();
        }
    }

    pub(super) fn release(&mut self) {
        if self.released.is_none() {
            self.released = Some(0);
        }
    }

    fn write(&mut self) {
        let end = self.pending.len().min(self.sent + WRITE);
        match rustix::io::write(self.sink.descriptor(), &self.pending[self.sent..end]) {
            Ok(count) => self.sent += count,
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => self.fail(error),
        }
    }

    fn read(&mut self) {
        let Some(source) = &self.source else {
            return;
        };
        self.pending.resize(self.left.unwrap_or(READ).min(READ), 0);
        self.sent = 0;
        let count = match rustix::io::read(source, &mut self.pending[..]) {
            Ok(count) => count,
            Err(Errno::INTR | Errno::AGAIN) => {
                self.pending.clear();
                return;
            }
            Err(_) => 0,
        };
        self.pending.truncate(count);
        if let Some(watch) = &mut self.watch {
            watch.handle_bytes(&self.pending);
        }
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(count);
        }
        if count == 0 || self.left == Some(0) {
            self.close();
        }
        if let (Some(held), None) = (&mut self.held, self.released) {
            let added = held.append(&self.pending);
            self.pending.clear();
            if let Err(error) = added {
                // It is all there still, but there is no room for more: from here on it is passed on.
                self.spilled = Some(error);
                self.release();
            }
        }
    }

    fn close(&mut self) {
        self.source = None;
    }

    /// Closes the pipe, so that the command gets the error.
    fn fail(&mut self, error: Errno) {
        self.failed = Some(error);
        self.pending.clear();
        self.sent = 0;
        self.held = None;
        self.close();
    }
}

impl Sink {
    fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }

    fn descriptor(self) -> BorrowedFd<'static> {
        match self {
            Self::Stdout => rustix::stdio::stdout(),
            Self::Stderr => rustix::stdio::stderr(),
        }
    }
}
