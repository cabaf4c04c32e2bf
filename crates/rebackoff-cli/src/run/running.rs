//! One try: a command and its processes, from its start to its last process.

use std::time::{Duration, Instant};
use std::{io, iter};

use nix::sys::signal::Signal;
use rustix::event::Timespec;
use rustix::process::{Pid, WaitStatus};

use super::conditions::Seen;
use super::context::{Context, Request, stop};
use super::environment::Variable;
use super::inbox::{Arrived, is_ending};
use super::processes::{self, Change, Survivor};
use super::program::Program;
use super::streams::{Recording, Streams};
use crate::CliError;
use crate::ending::Ending;
use crate::failure::reason;

/// Output after the end of the command arrives until this silence …
const SILENCE: Duration = Duration::from_millis(100);
/// … but not for longer.
const LATEST: Duration = Duration::from_secs(1);
const NAP: Duration = Duration::from_millis(20);
/// A killed process that has not ended by then hangs in the kernel.
const HANGS: Duration = Duration::from_secs(2);

/// The parts of a try.
pub(super) struct Task<'t> {
    pub(super) program: &'t mut Program,
    pub(super) environment: &'t [Variable],
    pub(super) timeout: Option<Duration>,
    pub(super) streams: Streams,
}

/// A command that has been started.
pub(super) struct RunningCommand {
    /// The command, and the process group that it leads unless it shares rebackoff's.
    leader: Pid,
    streams: Streams,
    /// The end of the limit on the try.
    limit: Option<Instant>,
    has_timed_out: bool,
    /// The time of KILL, once the try has been asked to end.
    kill_at: Option<Instant>,
    killed_at: Option<Instant>,
    /// Rebackoff was asked to stop, and does so when the command has.
    stops_with_command: bool,
    ended: Option<(Ending, Instant)>,
    last_output: Instant,
    survivor: Option<Survivor>,
}

impl RunningCommand {
    /// Starts the command; the error is the reason for which there is none to start.
    pub(super) fn begin(task: Task<'_>, context: &Context) -> Result<Self, Ending> {
        let Task { program, environment, timeout, mut streams } = task;
        let begin = Instant::now();
        let ends = streams.open().map_err(|error| Ending::NotStarted(reason(&error)))?;
        let leader = program.spawn(ends.actions(), context.attributes(), environment)?;
        drop(ends);
        Ok(Self {
            leader,
            streams,
            limit: timeout.and_then(|timeout| begin.checked_add(timeout)),
            has_timed_out: false,
            kill_at: None,
            killed_at: None,
            stops_with_command: false,
            ended: None,
            last_output: begin,
            survivor: None,
        })
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

    /// The time at which the command ended.
    pub(super) fn ended(&self) -> Option<Instant> {
        self.ended.as_ref().map(|(_, ended)| *ended)
    }

    /// The process that goes on although it was to end.
    pub(super) fn survivor(&self) -> Option<&Survivor> {
        self.survivor.as_ref()
    }

    fn is_settled(&self) -> bool {
        let Some((_, ended)) = &self.ended else {
            return self.survivor.is_some();
        };
        self.streams.are_done()
            || ended.elapsed() >= LATEST
            || self.last_output.max(*ended).elapsed() >= SILENCE
    }

    // Handlers

    /// Stays with the command until it has ended and its output has settled.
    pub(super) fn watch(
        &mut self,
        context: &mut Context,
        mut recording: Option<&mut Recording>,
    ) -> Result<Ending, CliError> {
        while !self.is_settled() {
            let nap = self.time_to_alarm();
            if let Err(failure) = self.advance(context, nap, recording.as_deref_mut()) {
                // The pipe stays open, since a command takes its end for the end of the input.
                self.end_with(context.signal, context);
                self.clear(context)?;
                return Err(failure);
            }
            self.handle_time(context);
        }
        self.streams.search_to_end();
        if let Err(failure) = self.streams.check() {
            self.clear(context)?;
            return Err(failure);
        }
        let interrupted = context.ended_by.map_or(Signal::SIGKILL, |arrived| arrived.signal);
        let ending = self.ended.as_ref().map(|(ending, _)| ending.clone());
        let ending = ending.unwrap_or(Ending::Killed(interrupted as i32));
        Ok(if self.has_timed_out { Ending::TimedOut(ending.code()) } else { ending })
    }

    /// Passes on what was held back, to stderr where the output is a failed try's.
    pub(super) fn release(&mut self, context: &mut Context) -> Result<(), CliError> {
        self.streams.release();
        self.finish(context)
    }

    pub(super) fn divert(&mut self) {
        self.streams.divert();
    }

    /// Passes on late output, then ends what the command has left running: a signal, and KILL after the grace.
    pub(super) fn clear(&mut self, context: &mut Context) -> Result<(), CliError> {
        let ended = self.ended.as_ref().map_or_else(Instant::now, |(_, ended)| *ended);
        let mut end_at = ended.checked_add(context.grace.min(LATEST));
        while self.survivor.is_none() && context.lineage.is_running(self.leader, context.group()) {
            if self.kill_at.is_none() && self.killed_at.is_none() && has_come(end_at) {
                self.end_with(context.signal, context);
            }
            if self.killed_at.is_some() {
                // A process may have begun another meanwhile.
                self.signal(Signal::SIGKILL, context);
            }
            let asked = context.ended_by;
            self.advance(context, Some(NAP), None)?;
            if context.ended_by != asked {
                end_at = None;
            }
            self.handle_time(context);
        }
        processes::reap();
        self.finish(context)
    }

    /// Passes on what has arrived by now. A process of others may hold the pipes open for ever, and the reader of
    /// rebackoff's output may be stuck when a signal asks for the end.
    fn finish(&mut self, context: &mut Context) -> Result<(), CliError> {
        self.streams.finish();
        let latest = Instant::now().checked_add(LATEST);
        while !self.streams.are_done() {
            if context.ended_by.is_some() && has_come(latest) {
                break;
            }
            let nap = context.ended_by.map(|_| NAP);
            self.advance(context, nap, None)?;
        }
        self.streams.check()
    }

    /// Waits for output, a signal or the end of `nap`, and handles what has come.
    fn advance(
        &mut self,
        context: &mut Context,
        nap: Option<Duration>,
        recording: Option<&mut Recording>,
    ) -> Result<(), CliError> {
        let timeout = nap.and_then(|nap| Timespec::try_from(nap).ok());
        let inbox = context.inbox.descriptor();
        if self.streams.advance(inbox, timeout.as_ref(), recording)? {
            self.last_output = Instant::now();
        }
        // A signal that ended the command has arrived before the command's end is seen. A child that ends between the
        // two looks leaves a CHLD, which is not sent again.
        let (mut changes, mut signals) = (Vec::new(), Vec::new());
        let mut is_news = true;
        while is_news {
            changes.extend(iter::from_fn(processes::next_change));
            let before = signals.len();
            signals.extend(context.inbox.take());
            is_news = signals[before..].iter().any(|arrived| arrived.signal == Signal::SIGCHLD);
        }
        for arrived in signals {
            self.handle_signal(arrived, context);
        }
        for (child, change) in changes {
            if child == self.leader {
                self.handle_change(&change, context);
            }
        }
        Ok(())
    }

    fn time_to_alarm(&self) -> Option<Duration> {
        let hangs = self.killed_at.and_then(|at| at.checked_add(HANGS));
        let settles = self.ended.as_ref().and_then(|(_, ended)| {
            let silent = self.last_output.max(*ended).checked_add(SILENCE);
            [silent, ended.checked_add(LATEST)].into_iter().flatten().min()
        });
        let alarms = match &self.ended {
            Some(_) => [settles, None, None],
            None => [self.limit, self.kill_at, hangs],
        };
        let next = alarms.into_iter().flatten().min()?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    fn handle_signal(&mut self, arrived: Arrived, context: &mut Context) {
        let signal = arrived.signal;
        let is_typed = context.is_typed(arrived);
        match signal {
            Signal::SIGCHLD | Signal::SIGXFSZ => {}
            Signal::SIGTSTP => {
                self.stops_with_command = true;
                self.signal(signal, context);
            }
            signal if is_ending(signal) => {
                let request = context.note_end(arrived);
                // The command has a typed signal already, and may go on: an interpreter does.
                let is_typed = is_typed && signal != Signal::SIGHUP && self.ended.is_none();
                if is_typed || request == Request::Echo {
                    return;
                }
                self.end_with(signal, context);
                if request == Request::Again {
                    self.kill_at = self.kill_at.and(Some(Instant::now()));
                }
            }
            _ if is_typed => {}
            other => self.signal(other, context),
        }
    }

    fn handle_change(&mut self, change: &Change, context: &Context) {
        match change {
            Change::Ended(status) => {
                self.ended = Some((ending_of(*status), Instant::now()));
                self.streams.handle_end();
                self.limit = None;
            }
            Change::Stopped => {
                if context.group() == processes::Group::Shared || self.stops_with_command {
                    stop();
                    self.signal(Signal::SIGCONT, context);
                }
                self.stops_with_command = false;
            }
        }
    }

    fn handle_time(&mut self, context: &Context) {
        if has_come(self.limit) {
            self.limit = None;
            self.has_timed_out = true;
            self.end_with(context.signal, context);
        }
        if has_come(self.kill_at) {
            self.kill_at = None;
            self.killed_at = Some(Instant::now());
            self.signal(Signal::SIGKILL, context);
        }
        if let Some(killed_at) = self.killed_at {
            let survivor = context.lineage.survivor(self.leader);
            let hangs = killed_at.elapsed() >= HANGS;
            self.survivor = survivor
                .filter(|survivor| hangs || survivor.error.is_some())
                .or(self.survivor.take());
        }
    }

    /// Asks the processes of the try to end, and sees to it that they do.
    fn end_with(&mut self, signal: Signal, context: &Context) {
        self.signal(signal, context);
        // What is stopped receives nothing else.
        self.signal(Signal::SIGCONT, context);
        if self.killed_at.is_none() {
            self.kill_at = self.kill_at.or_else(|| Instant::now().checked_add(context.grace));
        }
    }

    fn signal(&self, signal: Signal, context: &Context) {
        context.lineage.signal(self.leader, context.group(), signal);
    }
}

fn has_come(time: Option<Instant>) -> bool {
    time.is_some_and(|time| Instant::now() >= time)
}

fn ending_of(status: WaitStatus) -> Ending {
    match (status.terminating_signal(), status.exit_status()) {
        (Some(signal), _) => Ending::Killed(signal),
        (None, code) => {
            Ending::Exited(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX))
        }
    }
}
