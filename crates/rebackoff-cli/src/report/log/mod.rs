//! Events for programs, a line for each.

mod descriptor;
mod time;

use std::fs::File;
use std::io::{self, Write as _};

use serde::Serialize;

use super::EventReport;
use crate::CliError;
use crate::ending::Ending;
use crate::failure::reason;

const STDOUT: u32 = 1;
const STDERR: u32 = 2;

/// The destination of events.
#[derive(Debug)]
enum Destination {
    Stdout,
    Stderr,
    File(File),
}

/// The log of one call.
#[derive(Debug)]
pub(super) struct Log {
    destination: Destination,
    command: Vec<String>,
    profile: Option<String>,
}

/// The fields of an event, by the glossary's names; durations are seconds.
#[derive(Serialize)]
struct Line<'a> {
    event: &'static str,
    /// The time of day, UTC, as RFC 3339 writes it.
    time: String,
    pid: u32,
    command: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'a str>,
    tries: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tries: Option<u64>,
    elapsed: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    wait: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signal: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

impl Log {
    pub(super) fn open(
        number: u32,
        command: Vec<String>,
        profile: Option<String>,
    ) -> Result<Self, CliError> {
        let destination = match number {
            STDOUT => Destination::Stdout,
            STDERR => Destination::Stderr,
            other => Destination::File(copy_of(other)?),
        };
        Ok(Self { destination, command, profile })
    }

    pub(super) fn is_stderr(&self) -> bool {
        matches!(self.destination, Destination::Stderr)
    }

    /// One write for each event, so that lines of several programs stay whole. An event that cannot be written is no
    /// reason to fail the call.
    pub(super) fn write(&self, report: &EventReport) {
        let line = Line {
            event: report.event,
            time: time::now(),
            pid: std::process::id(),
            command: &self.command,
            profile: self.profile.as_deref(),
            tries: report.tries,
            max_tries: report.max_tries,
            elapsed: report.elapsed.as_secs_f64(),
            wait: report.wait.map(|wait| wait.as_secs_f64()),
            hint: report.hint.map(|hint| hint.as_secs_f64()),
            reason: report.reason,
            exit_code: report.ending.as_ref().map(Ending::code),
            signal: report.ending.as_ref().and_then(Ending::signal),
            process: report.process,
            error: report.error.as_deref().or(report.ending.as_ref().and_then(Ending::reason)),
        };
        let Ok(mut text) = serde_json::to_vec(&line) else {
            return;
        };
        text.push(b'\n');
        let _ = match &self.destination {
            Destination::Stdout => {
                io::stdout().write_all(&text).and_then(|()| io::stdout().flush())
            }
            Destination::Stderr => io::stderr().write_all(&text),
            Destination::File(file) => (&*file).write_all(&text),
        };
    }
}

fn copy_of(number: u32) -> Result<File, CliError> {
    let cannot = |why: &str| {
        CliError::new(format_args!(
            "--log-fd must be a descriptor that is open for writing, but {number} is not: {why}"
        ))
    };
    let raw = i32::try_from(number).map_err(|_| cannot("no descriptor has this number"))?;
    descriptor::copy_of(raw).map_err(|error| cannot(&reason(&error)))
}
