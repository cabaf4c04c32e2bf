//! What a command reads and writes, where rebackoff has to see it.

mod feed;
mod flow;
mod spool;
mod watch;

pub(super) use feed::Recording;

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::process::{Child, Command, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::conditions::{Conditions, Seen};
use crate::Failure;
use feed::Feed;
use flow::{Flow, Sink};
use watch::Watch;

/// The three streams of a try. What nobody has to see is inherited.
pub(super) struct Streams {
    stdout: Route,
    stderr: Route,
    stdin: Option<Feed>,
}

enum Route {
    Inherited,
    ToStderr,
    Flow(Box<Flow>),
}

impl Streams {
    pub(super) fn new(conditions: &Conditions, once: bool, replay_stdin: bool) -> Self {
        let Conditions { stdout, stderr, retry_after, .. } = conditions;
        let route = |sink, retry: &Option<_>, hold| match (retry, retry_after, hold) {
            (None, None, false) => Route::Inherited,
            _ => Route::Flow(Box::new(Flow::new(
                sink,
                Watch::new(retry.clone(), retry_after.clone()),
                hold,
            ))),
        };
        Self {
            stdout: route(Sink::Stdout, stdout, once),
            stderr: route(Sink::Stderr, stderr, false),
            stdin: replay_stdin.then(Feed::default),
        }
    }

    /// The streams of a command whose output is a message.
    pub(super) fn to_stderr() -> Self {
        Self { stdout: Route::ToStderr, stderr: Route::Inherited, stdin: None }
    }

    // Getters

    pub(super) fn seen(&self) -> Seen {
        self.flows().fold(Seen::default(), |seen, flow| {
            let more = flow.seen();
            Seen { retry: seen.retry || more.retry, hint: more.hint.or(seen.hint) }
        })
    }

    /// Whether all that the command wrote has arrived.
    pub(super) fn are_done(&self) -> bool {
        self.flows().all(Flow::is_done)
    }

    pub(super) fn held_back(&self) -> u64 {
        self.flows().map(Flow::held_back).sum()
    }

    /// Why output could not be held back any longer.
    pub(super) fn spilled(&self) -> Option<&io::Error> {
        self.flows().find_map(Flow::spilled)
    }

    /// The first error of writing the command's output to where it belongs.
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.flows().try_for_each(Flow::check)
    }

    fn flows(&self) -> impl Iterator<Item = &Flow> {
        [&self.stdout, &self.stderr].into_iter().filter_map(|route| match route {
            Route::Flow(flow) => Some(&**flow),
            Route::Inherited | Route::ToStderr => None,
        })
    }

    // Handlers

    pub(super) fn configure(&self, command: &mut Command) {
        let stdio = |route: &Route| match route {
            Route::Inherited => Stdio::inherit(),
            Route::ToStderr => Stdio::from(io::stderr()),
            Route::Flow(_) => Stdio::piped(),
        };
        command.stdout(stdio(&self.stdout)).stderr(stdio(&self.stderr));
        if self.stdin.is_some() {
            command.stdin(Stdio::piped());
        }
    }

    pub(super) fn connect(&mut self, child: &mut Child) -> io::Result<()> {
        if let (Route::Flow(flow), Some(pipe)) = (&mut self.stdout, child.stdout.take()) {
            flow.connect(pipe.into())?;
        }
        if let (Route::Flow(flow), Some(pipe)) = (&mut self.stderr, child.stderr.take()) {
            flow.connect(pipe.into())?;
        }
        if let (Some(feed), Some(pipe)) = (&mut self.stdin, child.stdin.take()) {
            feed.connect(pipe.into())?;
        }
        Ok(())
    }

    /// Waits until a stream or `inbox` has something, or for `timeout`, and moves what there is.
    pub(super) fn advance(
        &mut self,
        inbox: BorrowedFd<'_>,
        timeout: Option<&Timespec>,
        recording: Option<&mut Recording>,
    ) -> Result<(), Failure> {
        self.flows_mut().for_each(Flow::prepare);
        let stdin = io::stdin();
        if let (Some(feed), Some(recording)) = (&mut self.stdin, recording.as_deref()) {
            feed.prepare(recording);
        }
        let mut polled = vec![PollFd::from_borrowed_fd(inbox, PollFlags::IN)];
        polled.extend(self.flows().filter_map(Flow::interest));
        if let (Some(feed), Some(recording)) = (&self.stdin, recording.as_deref()) {
            polled.extend(feed.interest(recording, stdin.as_fd()));
        }
        match poll(&mut polled, timeout) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Failure::io("cannot wait for the command", &error.into())),
        }
        let ready = polled.iter().skip(1).map(|polled| !polled.revents().is_empty());
        let mut ready = ready.collect::<Vec<_>>().into_iter();
        for flow in self.flows_mut().filter(|flow| flow.interest().is_some()) {
            if ready.next() == Some(true) {
                flow.advance();
            }
        }
        if let (Some(feed), Some(recording)) = (&mut self.stdin, recording) {
            feed.advance(recording, ready.any(|ready| ready))?;
        }
        Ok(())
    }

    /// The command has ended: only what is in the pipes by now is still its own. What it left running may hold them
    /// open for ever.
    pub(super) fn handle_end(&mut self) {
        self.stdin = None;
        self.flows_mut().for_each(Flow::handle_end);
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

/// Whether stdout is a pipe or socket that nobody reads from any more.
pub(super) fn stdout_has_no_reader() -> bool {
    let stdout = io::stdout();
    let mut polled = [PollFd::new(&stdout, PollFlags::empty())];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut polled, Some(&now)).is_ok_and(|_| polled[0].revents().contains(PollFlags::ERR))
}
