//! The reports of a call: messages for people, events for programs.

mod human;
mod log;

use std::env;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use rebackoff_core::{EventKind, Reason, Seconds, human_duration};

use crate::CliError;
use crate::ending::Ending;
use crate::options::{LogFormat, RunOptions};
use log::Log;

/// The event of a process that goes on although it was to end.
pub(crate) const UNKILLABLE: &str = "unkillable";
/// The reason of a call that a signal ended.
pub(crate) const CANCELLED: &str = "cancelled";

/// One event of a call.
#[derive(Clone, Debug, Default)]
pub(crate) struct EventReport {
    pub(crate) event: &'static str,
    pub(crate) tries: u64,
    pub(crate) max_tries: Option<u64>,
    pub(crate) elapsed: Duration,
    pub(crate) wait: Option<Duration>,
    pub(crate) hint: Option<Duration>,
    pub(crate) reason: Option<&'static str>,
    pub(crate) ending: Option<Ending>,
    pub(crate) process: Option<i32>,
    pub(crate) error: Option<String>,
    /// Bytes of stdout that were held back for good.
    pub(crate) held_back: u64,
}

impl EventReport {
    pub(crate) fn with_ending(self, ending: Ending) -> Self {
        Self { ending: Some(ending), ..self }
    }

    pub(crate) fn with_hint(self, hint: Option<Seconds>) -> Self {
        Self { hint: hint.map(Seconds::to_duration), ..self }
    }

    pub(crate) fn with_reason(self, reason: Reason) -> Self {
        Self { reason: Some(reason.as_str()), ..self }
    }
}

/// Reports to people and programs.
#[derive(Debug, Default)]
pub(crate) struct Reporter {
    level: Level,
    log: Option<Log>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Quiet,
    #[default]
    Usual,
    Verbose,
}

impl Reporter {
    /// # Errors
    ///
    /// The descriptor to log to is not open for writing.
    pub(crate) fn open(options: &RunOptions) -> Result<Self, CliError> {
        let lossy = |word: &OsString| word.to_string_lossy().into_owned();
        let log = match options.log {
            Some(LogFormat::Json) => {
                let command = options.command.iter().map(lossy).collect();
                Some(Log::open(options.log_fd, command, options.policy.profile_name()?)?)
            }
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

    pub(crate) fn report(&self, report: &EventReport, command: &[OsString]) {
        self.log(report);
        let is_usual = [EventKind::Backoff.as_str(), EventKind::Giveup.as_str()];
        let least = if is_usual.contains(&report.event) { Level::Usual } else { Level::Verbose };
        if self.level >= least {
            print(&human::message(report, command, colours()));
        }
    }

    /// Reports to programs alone.
    pub(crate) fn log(&self, report: &EventReport) {
        if let Some(log) = &self.log {
            log.write(report);
        }
    }

    pub(crate) fn report_too_early(&self, report: &EventReport) {
        self.log(report);
        if self.level >= Level::Usual {
            let left = human_duration(report.wait.unwrap_or_default());
            print(&format!("too early: try {} is due in {left}", report.tries.saturating_add(1)));
        }
    }

    pub(crate) fn warn(&self, message: impl Display) {
        if self.level >= Level::Usual {
            print(&message.to_string());
        }
    }

    /// Returns whether a person sees the seconds pass.
    pub(crate) fn counts_down(&self) -> bool {
        self.level >= Level::Usual && io::stderr().is_terminal()
    }
}

/// Reports a failure to people, however quiet.
pub(crate) fn complain(message: impl Display) {
    print(&message.to_string());
}

/// Shows the rest of the wait, in a line that is written over.
pub(crate) fn count_down(report: &EventReport, left: Duration) {
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    let left = human_duration(Duration::from_secs(seconds));
    let next = report.tries.saturating_add(1);
    let _ = write!(io::stderr(), "\r{}try {next} in {left}", human::CLEAR);
}

/// Takes that line away.
pub(crate) fn clear_line() {
    let _ = write!(io::stderr(), "\r{}", human::CLEAR);
}

/// One write for each line, so that lines of several programs stay whole. A stderr that is gone is ignored.
fn print(message: &str) {
    let _ = io::stderr().write_all(format!("rebackoff: {message}\n").as_bytes());
}

/// Returns whether messages have colours: at a terminal, unless the environment says no: <https://no-color.org>.
fn colours() -> bool {
    let unwanted = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let unable = env::var_os("TERM").is_some_and(|term| term == "dumb");
    !unwanted && !unable && io::stderr().is_terminal()
}
