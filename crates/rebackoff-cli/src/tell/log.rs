//! Events for programs, a line for each.

use std::fs::File;
use std::io::{self, Write as _};

use serde::Serialize;

use super::Told;
use crate::Failure;

const STDOUT: u32 = 1;
const STDERR: u32 = 2;

/// Where events go.
#[derive(Debug)]
pub(super) enum Log {
    Stdout,
    Stderr,
    File(File),
}

/// The fields of an event, by the glossary's names; seconds.
#[derive(Serialize)]
struct Line {
    event: &'static str,
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
}

impl Log {
    pub(super) fn open(number: u32) -> Result<Self, Failure> {
        match number {
            STDOUT => Ok(Self::Stdout),
            STDERR => Ok(Self::Stderr),
            // The way to a descriptor by its number that needs no unsafe code.
            other => File::options()
                .append(true)
                .open(format!("/dev/fd/{other}"))
                .map(Self::File)
                .map_err(|error| {
                    Failure::io(format_args!("cannot write to --log-fd {other}"), &error)
                }),
        }
    }

    pub(super) fn is_stderr(&self) -> bool {
        matches!(self, Self::Stderr)
    }

    /// One write for each event, so that lines of several programs stay whole. A log that nobody can take is no
    /// reason to fail the call.
    pub(super) fn write(&self, told: &Told) {
        let line = Line {
            event: told.event.as_str(),
            tries: told.tries,
            max_tries: told.max_tries,
            elapsed: told.elapsed.as_secs_f64(),
            wait: told.wait.map(|wait| wait.as_secs_f64()),
            hint: told.hint.map(|hint| hint.as_secs_f64()),
            reason: told.reason.map(rebackoff_core::Reason::as_str),
            exit_code: told.ending.map(crate::ending::Ending::code),
            signal: told.ending.and_then(crate::ending::Ending::signal),
        };
        let Ok(mut text) = serde_json::to_vec(&line) else {
            return;
        };
        text.push(b'\n');
        let _ = match self {
            Self::Stdout => io::stdout().write_all(&text).and_then(|()| io::stdout().flush()),
            Self::Stderr => io::stderr().write_all(&text),
            Self::File(file) => (&*file).write_all(&text),
        };
    }
}
