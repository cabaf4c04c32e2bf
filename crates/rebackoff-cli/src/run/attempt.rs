//! One try: a command in a process group of its own, from its start to its last process.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::event::Timespec;
use rustix::process::{Pid, Signal, WaitStatus, kill_process_group};

use super::children::{self, Change};
use super::conditions::Seen;
use super::environment::Environment;
use super::inbox::ENDING;
use super::streams::{Recording, Streams};
use super::surroundings::{Surroundings, has_waited_in_vain};
use crate::Failure;
use crate::ending::Ending;

/// What a try is made of.
pub(super) struct Task<'t> {
    pub(super) command: &'t [OsString],
    pub(super) environment: Environment,
    pub(super) timeout: Option<Duration>,
    pub(super) streams: Streams,
}

/// A command that has been started.
pub(super) struct Attempt {
    /// The command, and the process group that it leads.
    group: Pid,
    streams: Streams,
    /// When the try has taken too long.
    limit: Option<Instant>,
    /// When the group is killed, once it has been asked to end.
    kill_at: Option<Instant>,
    has_timed_out: bool,
    /// Rebackoff was asked to stop, and does so when the command has.
    stops_with_command: bool,
    ending: Option<Ending>,
}

impl Attempt {
    /// Starts the command; the inner error is why there is none to start.
    pub(super) fn begin(
        task: Task<'_>,
        surroundings: &mut Surroundings,
    ) -> Result<Result<Self, Ending>, Failure> {
        let Task { command: words, environment, timeout, mut streams } = task;
        let Some((program, arguments)) = words.split_first() else {
            return Ok(Err(Ending::NotFound));
        };
        let mut command = Command::new(program);
        command.args(arguments).process_group(0);
        environment.tell(&mut command);
        streams.configure(&mut command);
        let begin = Instant::now();
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => return cannot_start(&error).map(Err),
        };
        streams
            .connect(&mut child)
            .map_err(|error| Failure::io("cannot read from a pipe", &error))?;
        let group = Pid::from_child(&child);
        surroundings.lend_terminal(group);
        Ok(Ok(Self {
            group,
            streams,
            limit: timeout.and_then(|timeout| begin.checked_add(timeout)),
            kill_at: None,
            has_timed_out: false,
            stops_with_command: false,
            ending: None,
        }))
    }

    // Getters

    pub(super) fn seen(&self) -> Seen {
        self.streams.seen()
    }

    pub(super) fn held_back(&self) -> u64 {
        self.streams.held_back()
    }

    pub(super) fn spilled(&self) -> Option<&io::Error> {
        self.streams.spilled()
    }

    // Handlers

    /// Stays with the command until it has ended and what it wrote has been passed on.
    pub(super) fn watch(
        &mut self,
        surroundings: &mut Surroundings,
        recording: Option<&mut Recording>,
    ) -> Result<Ending, Failure> {
        let watched = self.watch_on(surroundings, recording);
        surroundings.take_terminal(self.group);
        let checked = watched.and_then(|ending| self.streams.check().map(|()| ending));
        if checked.is_err() {
            self.clear(surroundings);
        }
        checked
    }

    /// Passes on what was held back.
    pub(super) fn release(&mut self, surroundings: &mut Surroundings) -> Result<(), Failure> {
        self.streams.release();
        self.watch_on(surroundings, None)?;
        self.streams.check()
    }

    /// Ends what the command has left running: TERM, and KILL after the grace.
    pub(super) fn clear(&mut self, surroundings: &mut Surroundings) {
        if !self.has_leftovers(surroundings) {
            return;
        }
        self.signal_leftovers(Signal::TERM, surroundings);
        self.signal_leftovers(Signal::CONT, surroundings);
        let kill_at = self.kill_at.or_else(|| Instant::now().checked_add(surroundings.grace));
        while self.has_leftovers(surroundings) {
            let left = kill_at.map(|at| at.saturating_duration_since(Instant::now()));
            match left {
                Some(Duration::ZERO) if has_waited_in_vain(kill_at) => return,
                Some(Duration::ZERO) => self.signal_leftovers(Signal::KILL, surroundings),
                _ => {}
            }
            surroundings.nap(left);
            for signal in surroundings.inbox.take() {
                if ENDING.contains(&signal) {
                    surroundings.ended_by.get_or_insert(signal);
                    self.signal_leftovers(signal, surroundings);
                }
            }
            while children::next_change().is_some() {}
        }
    }

    fn watch_on(
        &mut self,
        surroundings: &mut Surroundings,
        mut recording: Option<&mut Recording>,
    ) -> Result<Ending, Failure> {
        loop {
            if let Some(ending) = self.ending {
                if self.streams.are_done() || surroundings.ended_by.is_some() {
                    return Ok(ending);
                }
            }
            let timeout = self.time_to_alarm();
            let inbox = surroundings.inbox.descriptor();
            self.streams.advance(inbox, timeout.as_ref(), recording.as_deref_mut())?;
            for signal in surroundings.inbox.take() {
                self.handle_signal(signal, surroundings);
            }
            while let Some((child, change)) = children::next_change() {
                if child == self.group {
                    self.handle_change(&change, surroundings);
                }
            }
            self.handle_time(surroundings);
        }
    }

    fn time_to_alarm(&self) -> Option<Timespec> {
        if self.ending.is_some() {
            return None;
        }
        let next = [self.limit, self.kill_at].into_iter().flatten().min()?;
        Timespec::try_from(next.saturating_duration_since(Instant::now())).ok()
    }

    fn handle_signal(&mut self, signal: Signal, surroundings: &mut Surroundings) {
        match signal {
            Signal::CHILD | Signal::XFSZ => {}
            Signal::CONT => {
                surroundings.lend_terminal_again(self.group);
                self.signal(Signal::CONT);
            }
            Signal::TSTP => {
                self.stops_with_command = true;
                self.signal(Signal::TSTP);
            }
            signal if ENDING.contains(&signal) => {
                surroundings.ended_by.get_or_insert(signal);
                self.end_with(signal, surroundings);
            }
            other => self.signal(other),
        }
    }

    fn handle_change(&mut self, change: &Change, surroundings: &mut Surroundings) {
        match change {
            Change::Ended(status) => {
                let timed_out = self.has_timed_out.then_some(Ending::TimedOut);
                self.ending = Some(timed_out.unwrap_or_else(|| ending_of(*status)));
                self.streams.handle_end();
                self.limit = None;
            }
            Change::Stopped(signal) => {
                if surroundings.stop_with(self.group, *signal, self.stops_with_command) {
                    self.signal(Signal::CONT);
                }
                self.stops_with_command = false;
            }
        }
    }

    fn handle_time(&mut self, surroundings: &Surroundings) {
        let now = Instant::now();
        if self.limit.is_some_and(|limit| now >= limit) {
            self.limit = None;
            self.has_timed_out = true;
            self.end_with(Signal::TERM, surroundings);
        }
        if self.ending.is_none() && self.kill_at.is_some_and(|kill_at| now >= kill_at) {
            self.kill_at = None;
            self.signal(Signal::KILL);
        }
    }

    /// Asks the group to end, and sees to it that it does.
    fn end_with(&mut self, signal: Signal, surroundings: &Surroundings) {
        self.signal(signal);
        // What is stopped hears nothing else.
        self.signal(Signal::CONT);
        if self.kill_at.is_none() {
            self.kill_at = Instant::now().checked_add(surroundings.grace);
        }
    }

    fn signal(&self, signal: Signal) {
        // A group that is gone needs no signal.
        let _ = kill_process_group(self.group, signal);
    }

    fn has_leftovers(&self, surroundings: &Surroundings) -> bool {
        children::are_left(self.group, &surroundings.bystanders)
    }

    fn signal_leftovers(&self, signal: Signal, surroundings: &Surroundings) {
        self.signal(signal);
        for child in children::others_than(&surroundings.bystanders) {
            let _ = rustix::process::kill_process(child, signal);
        }
    }
}

fn ending_of(status: WaitStatus) -> Ending {
    match (status.terminating_signal(), status.exit_status()) {
        (Some(signal), _) => Ending::Killed(signal),
        (None, code) => {
            Ending::Exited(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX))
        }
    }
}

/// Why the command did not start: its fault, or ours.
fn cannot_start(error: &io::Error) -> Result<Ending, Failure> {
    use rustix::io::Errno;
    match Errno::from_io_error(error) {
        Some(Errno::NOENT) => Ok(Ending::NotFound),
        Some(Errno::AGAIN | Errno::NOMEM | Errno::MFILE | Errno::NFILE) | None => {
            Err(Failure::io("cannot start the command", error))
        }
        Some(_) => Ok(Ending::NotExecutable),
    }
}
