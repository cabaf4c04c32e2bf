//! What a call tells: messages for people, events for programs.

mod human;
mod log;

use std::env;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use rebackoff_core::{EventKind, Reason, Seconds};

use crate::Failure;
use crate::ending::Ending;
use crate::options::{LogFormat, RunOptions};
use log::Log;

/// A moment of a call.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) event: EventKind,
    pub(crate) tries: u64,
    pub(crate) max_tries: Option<u64>,
    pub(crate) elapsed: Duration,
    pub(crate) wait: Option<Duration>,
    pub(crate) hint: Option<Duration>,
    pub(crate) reason: Option<Reason>,
    pub(crate) ending: Option<Ending>,
    /// Bytes of stdout that nobody gets to see.
    pub(crate) held_back: u64,
}

impl Told {
    pub(crate) fn new(event: EventKind, tries: u64, elapsed: Duration) -> Self {
        Self {
            event,
            tries,
            max_tries: None,
            elapsed,
            wait: None,
            hint: None,
            reason: None,
            ending: None,
            held_back: 0,
        }
    }

    pub(crate) fn with_ending(self, ending: Ending) -> Self {
        Self { ending: Some(ending), ..self }
    }

    pub(crate) fn with_hint(self, hint: Option<Seconds>) -> Self {
        Self { hint: hint.map(Seconds::to_duration), ..self }
    }
}

/// Who tells it, and to whom.
#[derive(Debug)]
pub(crate) struct Voice {
    level: Level,
    log: Option<Log>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Quiet,
    Usual,
    Verbose,
}

impl Voice {
    /// # Errors
    ///
    /// The descriptor to log to is not open.
    pub(crate) fn open(options: &RunOptions) -> Result<Self, Failure> {
        let log = match options.log {
            Some(LogFormat::Json) => Some(Log::open(options.log_fd)?),
            None => None,
        };
        let replaced = log.as_ref().is_some_and(Log::is_stderr);
        let level = match (options.quiet || replaced, options.verbose) {
            (true, _) => Level::Quiet,
            (false, true) => Level::Verbose,
            (false, false) => Level::Usual,
        };
        Ok(Self { level, log })
    }

    pub(crate) fn say(&self, told: &Told, command: &[OsString]) {
        if let Some(log) = &self.log {
            log.write(told);
        }
        let least = match told.event {
            EventKind::Backoff | EventKind::Giveup => Level::Usual,
            EventKind::Try | EventKind::Success => Level::Verbose,
        };
        if self.level >= least {
            print(&human::message(told, command, colours()));
        }
    }

    pub(crate) fn say_too_early(&self, tries: u64, left: Duration) {
        if self.level >= Level::Usual {
            let left = rebackoff_core::human_duration(left);
            print(&format!("too early: try {} is due in {left}", tries.saturating_add(1)));
        }
    }

    pub(crate) fn warn(&self, message: impl Display) {
        if self.level >= Level::Usual {
            print(&message.to_string());
        }
    }

    /// Whether somebody sees the seconds pass.
    pub(crate) fn counts_down(&self) -> bool {
        self.level >= Level::Usual && io::stderr().is_terminal()
    }
}

/// Says what went wrong, however quiet.
pub(crate) fn complain(message: impl Display) {
    print(&message.to_string());
}

/// Shows how much is left of the wait, in a line that is written over.
pub(crate) fn count_down(told: &Told, left: Duration) {
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    let left = rebackoff_core::human_duration(Duration::from_secs(seconds));
    let next = told.tries.saturating_add(1);
    let _ = write!(io::stderr(), "\r{}try {next} in {left}", human::CLEAR);
}

/// Takes that line away.
pub(crate) fn clear_line() {
    let _ = write!(io::stderr(), "\r{}", human::CLEAR);
}

/// One write for each line, so that lines of several programs stay whole. Nobody is left to be told that stderr is
/// gone.
fn print(message: &str) {
    let _ = io::stderr().write_all(format!("rebackoff: {message}\n").as_bytes());
}

/// Colours where a person looks who has not asked for none: <https://no-color.org>.
fn colours() -> bool {
    let unwanted = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let unable = env::var_os("TERM").is_some_and(|term| term == "dumb");
    !unwanted && !unable && io::stderr().is_terminal()
}
