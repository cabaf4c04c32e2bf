//! The process context of a call: signals, the terminal, other processes.

use std::time::{Duration, Instant};

use nix::spawn::{PosixSpawnAttr, PosixSpawnFlags};
use nix::sys::signal::{SigSet, Signal};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::inbox::{Arrived, Inbox};
use super::lost_its_reader;
use super::processes::{self, Group, Lineage};
use super::terminal::Terminal;
use crate::CliError;
use crate::ending::Ending;

/// The process context of a call.
pub(super) struct Context {
    pub(super) inbox: Inbox,
    terminal: Option<Terminal>,
    pub(super) lineage: Lineage,
    /// The time from the first signal that asks a try to end until KILL.
    pub(super) grace: Duration,
    /// The signal that ends a try.
    pub(super) signal: Signal,
    /// The first signal that asked to end the call.
    pub(super) ended_by: Option<Arrived>,
    last_asked: Option<Instant>,
    attributes: PosixSpawnAttr,
}

/// The reason for which a call ends without the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interruption {
    /// A signal that was sent to rebackoff.
    Signal(Signal),
    /// Ctrl-C at the terminal.
    CtrlC,
    /// The command writes to a pipe without a reader.
    NoReader,
}

/// A request to end the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    First,
    /// The first one once more: `timeout` signals its child, and then the group of its child.
    Echo,
    Again,
}

const ECHO: Duration = Duration::from_millis(100);

impl Context {
    pub(super) fn enter(grace: Duration, signal: Signal, mark: String) -> Result<Self, CliError> {
        let terminal = Terminal::open();
        let cannot_catch = |error| CliError::io("cannot catch signals", &error);
        let inbox = Inbox::open(terminal.is_some()).map_err(cannot_catch)?;
        let attributes = attributes(terminal.is_none(), inbox.command_mask())
            .map_err(|error| CliError::io("cannot prepare the command", &error.into()))?;
        Ok(Self {
            inbox,
            terminal,
            lineage: Lineage::begin(mark),
            grace,
            signal,
            ended_by: None,
            last_asked: None,
            attributes,
        })
    }

    // Getters

    pub(super) fn attributes(&self) -> &PosixSpawnAttr {
        &self.attributes
    }

    /// The process group of tries.
    pub(super) fn group(&self) -> Group {
        if self.terminal.is_some() { Group::Shared } else { Group::Own }
    }

    /// Returns whether the terminal listens to rebackoff.
    pub(super) fn is_in_foreground(&self) -> bool {
        self.terminal.as_ref().is_some_and(Terminal::is_ours)
    }

    /// The reason for which the call ends, if a signal asked for it.
    pub(super) fn end_of_call(&self) -> Option<Interruption> {
        self.ended_by.map(|arrived| {
            let is_typed = arrived.signal == Signal::SIGINT && self.is_typed(arrived);
            if is_typed { Interruption::CtrlC } else { Interruption::Signal(arrived.signal) }
        })
    }

    /// The reason for which the call ends with a try that ended so, if it does.
    pub(super) fn interruption(&self, ending: &Ending) -> Option<Interruption> {
        let no_reader = || lost_its_reader(ending).then_some(Interruption::NoReader);
        self.end_of_call().or_else(no_reader)
    }

    /// Returns whether the terminal sent this signal, to the command as well.
    pub(super) fn is_typed(&self, arrived: Arrived) -> bool {
        arrived.from_terminal && self.terminal.is_some()
    }

    // Handlers

    /// Sleeps until a signal arrives, or for `longest`.
    pub(super) fn sleep(&self, longest: Option<Duration>) {
        let timeout = longest.and_then(|longest| Timespec::try_from(longest).ok());
        let mut polled = [PollFd::from_borrowed_fd(self.inbox.descriptor(), PollFlags::IN)];
        let _ = poll(&mut polled, timeout.as_ref());
    }

    /// Notes a signal that asks to end the call.
    pub(super) fn note_end(&mut self, arrived: Arrived) -> Request {
        let since_last = self.last_asked.replace(Instant::now()).map(|last| last.elapsed());
        self.ended_by.get_or_insert(arrived);
        match since_last {
            None => Request::First,
            Some(since) if since < ECHO => Request::Echo,
            Some(_) => Request::Again,
        }
    }
}

impl Interruption {
    /// The exit code, where there is none of a command's.
    pub(super) fn code(self) -> u8 {
        let signal = match self {
            Self::Signal(signal) => signal,
            Self::CtrlC => Signal::SIGINT,
            Self::NoReader => Signal::SIGPIPE,
        };
        Ending::Killed(signal as i32).code()
    }

    /// Leaves with the code of `ending`, if there is one. Ctrl-C that ended the command ends rebackoff, too: a shell
    /// then ends its loop or script, and exits with 130.
    pub(super) fn leave(self, ending: Option<&Ending>) -> u8 {
        let interrupt = Signal::SIGINT as i32;
        let is_ended = ending.is_none_or(|ending| ending.signal() == Some(interrupt));
        // The first process of a container is not ended by signals.
        if self == Self::CtrlC && is_ended && std::process::id() != 1 {
            let _ = signal_hook::low_level::emulate_default_handler(interrupt);
        }
        ending.map_or_else(|| self.code(), Ending::code)
    }
}

/// Stops this process until it is continued; does nothing if no process could continue it.
pub(super) fn stop() {
    if !processes::is_orphaned() {
        let _ = signal_hook::low_level::emulate_default_handler(Signal::SIGTSTP as i32);
    }
}

fn attributes(own_group: bool, mask: SigSet) -> nix::Result<PosixSpawnAttr> {
    let mut attributes = PosixSpawnAttr::init()?;
    let mut flags =
        PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF | PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK;
    if own_group {
        flags |= PosixSpawnFlags::POSIX_SPAWN_SETPGROUP;
    }
    attributes.set_flags(flags)?;
    attributes.set_sigmask(&mask)?;
    // Rust programs ignore it, and the command is none.
    attributes.set_sigdefault(&SigSet::from(Signal::SIGPIPE))?;
    Ok(attributes)
}
