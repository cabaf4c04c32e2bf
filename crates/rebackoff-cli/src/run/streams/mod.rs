//! The input and output of a command, where rebackoff has to see them.

mod feed;
mod flow;
mod spool;
mod watch;

pub(super) use feed::Recording;

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};

use nix::spawn::PosixSpawnFileActions;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::ioctl_fioclex;
use rustix::pipe::pipe;

use super::conditions::{Conditions, Seen};
use crate::CliError;
use feed::Feed;
use flow::{Flow, Sink};
use watch::Watch;

/// The three streams of a try. A stream that rebackoff does not have to see is inherited.
pub(super) struct Streams {
    stdout: Route,
    stderr: Route,
    stdin: StreamSource,
}

enum Route {
    Inherited,
    ToStderr,
    Flow(Box<Flow>),
}

enum StreamSource {
    Inherited,
    Nothing,
    Feed(Feed),
}

/// The command's ends of its pipes, and the way to them.
pub(super) struct CommandEnds {
    actions: PosixSpawnFileActions,
    ends: Vec<OwnedFd>,
}

impl CommandEnds {
    pub(super) fn actions(&self) -> &PosixSpawnFileActions {
        &self.actions
    }

    /// Makes `end` the command's descriptor `number`.
    fn add(&mut self, end: OwnedFd, number: i32) -> io::Result<()> {
        self.actions.add_dup2(end.as_raw_fd(), number)?;
        self.ends.push(end);
        Ok(())
    }
}

const STDIN: i32 = 0;
const STDOUT: i32 = 1;
const STDERR: i32 = 2;

impl Streams {
    pub(super) fn new(conditions: &Conditions, hold: bool, replay_stdin: bool) -> Self {
        let hint = conditions.retry_after.as_ref();
        let route = |sink, patterns, hold: bool| match Watch::new(patterns, hint) {
            None if !hold => Route::Inherited,
            watch => Route::Flow(Box::new(Flow::new(sink, watch, hold))),
        };
        Self {
            stdout: route(Sink::Stdout, &conditions.stdout, hold),
            stderr: route(Sink::Stderr, &conditions.stderr, false),
            stdin: if replay_stdin {
                StreamSource::Feed(Feed::default())
            } else {
                StreamSource::Inherited
            },
        }
    }

    /// The streams of a command whose output is a message.
    pub(super) fn to_stderr() -> Self {
        Self { stdout: Route::ToStderr, stderr: Route::Inherited, stdin: StreamSource::Nothing }
    }

    // Getters

    pub(super) fn seen(&self) -> Seen {
        self.flows().fold(Seen::default(), |seen, flow| {
            let more = flow.seen();
            Seen {
                retry: seen.retry || more.retry,
                throttled: seen.throttled || more.throttled,
                until: seen.until || more.until,
                hint: more.hint.or(seen.hint),
            }
        })
    }

    /// Returns whether all that the command wrote has been passed on.
    pub(super) fn are_done(&self) -> bool {
        self.flows().all(Flow::is_done)
    }

    pub(super) fn held_back(&self) -> u64 {
        self.flows().map(Flow::held_back).sum()
    }

    /// The reason for which output could not be held back any longer.
    pub(super) fn spilled(&self) -> Option<&io::Error> {
        self.flows().find_map(Flow::spilled)
    }

    /// The first error of writing the command's output to where it belongs.
    pub(super) fn check(&self) -> Result<(), CliError> {
        self.flows().try_for_each(Flow::check)
    }

    fn flows(&self) -> impl Iterator<Item = &Flow> {
        [&self.stdout, &self.stderr].into_iter().filter_map(|route| match route {
            Route::Flow(flow) => Some(&**flow),
            Route::Inherited | Route::ToStderr => None,
        })
    }

    // Handlers

    /// Opens the pipes.
    pub(super) fn open(&mut self) -> io::Result<CommandEnds> {
        let mut command = CommandEnds { actions: PosixSpawnFileActions::init()?, ends: Vec::new() };
        match &mut self.stdin {
            StreamSource::Inherited => {}
            StreamSource::Nothing => {
                command.add(
                    open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?,
                    STDIN,
                )?;
            }
            StreamSource::Feed(feed) => {
                let (read, write) = private_pipe()?;
                feed.connect(write)?;
                command.add(read, STDIN)?;
            }
        }
        for (route, number) in [(&mut self.stdout, STDOUT), (&mut self.stderr, STDERR)] {
            match route {
                Route::Inherited => {}
                Route::ToStderr => command.actions.add_dup2(STDERR, number)?,
                Route::Flow(flow) => {
                    let (read, write) = private_pipe()?;
                    flow.connect(read)?;
                    command.add(write, number)?;
                }
            }
        }
        Ok(command)
    }

    /// Waits until a stream or `inbox` has something, or for `timeout`, and moves what there is; returns whether
    /// output was moved.
    pub(super) fn advance(
        &mut self,
        inbox: BorrowedFd<'_>,
        timeout: Option<&Timespec>,
        recording: Option<&mut Recording>,
    ) -> Result<bool, CliError> {
        self.flows_mut().for_each(Flow::prepare);
        let stdin = io::stdin();
        if let (StreamSource::Feed(feed), Some(recording)) = (&mut self.stdin, recording.as_deref())
        {
            feed.prepare(recording);
        }
        let mut polled = vec![PollFd::from_borrowed_fd(inbox, PollFlags::IN)];
        polled.extend(self.flows().filter_map(Flow::interest));
        if let (StreamSource::Feed(feed), Some(recording)) = (&self.stdin, recording.as_deref()) {
            polled.extend(feed.interest(recording, stdin.as_fd()));
        }
        match poll(&mut polled, timeout) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(CliError::io("cannot wait for the command", &error.into())),
        }
        let ready = polled.iter().skip(1).map(|polled| !polled.revents().is_empty());
        let mut ready = ready.collect::<Vec<_>>().into_iter();
        let mut has_moved = false;
        for flow in self.flows_mut().filter(|flow| flow.interest().is_some()) {
            if ready.next() == Some(true) {
                flow.advance();
                has_moved = true;
            }
        }
        if let (StreamSource::Feed(feed), Some(recording)) = (&mut self.stdin, recording) {
            feed.advance(recording, ready.any(|ready| ready))?;
        }
        Ok(has_moved)
    }

    /// The command has ended and reads no more.
    pub(super) fn handle_end(&mut self) {
        self.stdin = StreamSource::Nothing;
    }

    /// Searches output as it is now, to its end.
    pub(super) fn search_to_end(&mut self) {
        self.flows_mut().for_each(Flow::search_to_end);
    }

    /// Closes the pipes behind what is in them now.
    pub(super) fn finish(&mut self) {
        self.flows_mut().for_each(Flow::finish);
    }

    /// Turns what was held back to stderr.
    pub(super) fn divert(&mut self) {
        self.flows_mut().for_each(Flow::divert);
    }

    /// Passes on what was held back.
    pub(super) fn release(&mut self) {
        self.flows_mut().for_each(Flow::release);
    }

    fn flows_mut(&mut self) -> impl Iterator<Item = &mut Flow> {
        [&mut self.stdout, &mut self.stderr].into_iter().filter_map(|route| match route {
            Route::Flow(flow) => Some(&mut **flow),
            Route::Inherited | Route::ToStderr => None,
        })
    }
}

/// A pipe whose ends no command inherits.
fn private_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = pipe()?;
    ioctl_fioclex(&read)?;
    ioctl_fioclex(&write)?;
    Ok((read, write))
}

/// Returns whether stdout is a pipe or socket without a reader.
pub(super) fn stdout_has_no_reader() -> bool {
    let stdout = io::stdout();
    let mut polled = [PollFd::new(&stdout, PollFlags::empty())];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut polled, Some(&now)).is_ok_and(|_| polled[0].revents().contains(PollFlags::ERR))
}
