//! One input for all tries.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags};
use rustix::io::{Errno, ioctl_fionbio};

use super::spool::Spool;
use crate::CliError;

const CHUNK: usize = 16 * 1024;

/// The input that was read from stdin so far, for the tries to come.
#[derive(Debug, Default)]
pub(in crate::run) struct Recording {
    spool: Spool,
    has_ended: bool,
}

/// One try's reading of the recording, and of what stdin adds to it.
#[derive(Debug, Default)]
pub(super) struct Feed {
    sink: Option<OwnedFd>,
    position: u64,
}

impl Feed {
    /// The descriptors to poll for: room in the pipe, or more from stdin.
    pub(super) fn interest<'a>(
        &'a self,
        recording: &Recording,
        stdin: BorrowedFd<'a>,
    ) -> Vec<PollFd<'a>> {
        let Some(sink) = &self.sink else {
            return Vec::new();
        };
        if self.is_behind(recording) {
            return vec![PollFd::new(sink, PollFlags::OUT)];
        }
        // `poll` reports a closed end of the pipe without being asked.
        let closed = PollFd::new(sink, PollFlags::empty());
        vec![closed, PollFd::from_borrowed_fd(stdin, PollFlags::IN)]
    }

    fn is_behind(&self, recording: &Recording) -> bool {
        self.position < recording.spool.len()
    }

    // Handlers

    pub(super) fn connect(&mut self, sink: OwnedFd) -> io::Result<()> {
        ioctl_fionbio(&sink, true)?;
        self.sink = Some(sink);
        Ok(())
    }

    /// Closes the pipe when there is no more to come.
    pub(super) fn prepare(&mut self, recording: &Recording) {
        if recording.has_ended && !self.is_behind(recording) {
            self.sink = None;
        }
    }

    pub(super) fn advance(
        &mut self,
        recording: &mut Recording,
        is_ready: bool,
    ) -> Result<(), CliError> {
        let Some(sink) = self.sink.as_ref().filter(|_| is_ready) else {
            return Ok(());
        };
        let mut buffer = vec![0; CHUNK];
        if self.is_behind(recording) {
            let count = recording.spool.read_at(self.position, &mut buffer);
            let count = count.map_err(|error| CliError::io("cannot read back stdin", &error))?;
            match rustix::io::write(sink, &buffer[..count]) {
                Ok(count) => self.position += count as u64,
                Err(Errno::INTR | Errno::AGAIN) => {}
                // The command has closed its stdin, or has ended.
                Err(_) => self.sink = None,
            }
            return Ok(());
        }
        if has_no_reader(sink) {
            self.sink = None;
            return Ok(());
        }
        match rustix::io::read(rustix::stdio::stdin(), &mut buffer[..]) {
            Ok(0) => recording.has_ended = true,
            Ok(count) => recording
                .spool
                .append(&buffer[..count])
                .map_err(|error| CliError::io("cannot keep stdin for the tries to come", &error))?,
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => return Err(CliError::io("cannot read stdin", &error.into())),
        }
        Ok(())
    }
}

fn has_no_reader(sink: &OwnedFd) -> bool {
    let mut polled = [PollFd::new(sink, PollFlags::empty())];
    let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    rustix::event::poll(&mut polled, Some(&now)).is_ok_and(|ready| ready > 0)
}
