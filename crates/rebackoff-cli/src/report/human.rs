//! Messages for people.

use std::ffi::OsString;

use rebackoff_core::{EventKind, human_duration};

use super::EventReport;
use crate::ending::Ending;

/// Clears the rest of the line.
pub(super) const CLEAR: &str = "\x1b[K";

const RED: &str = "\x1b[31m";
const YELLOW: &str = "\x1b[33m";
const GREEN: &str = "\x1b[32m";
const RESET: &str = "\x1b[0m";

const TRY: &str = EventKind::Try.as_str();
const BACKOFF: &str = EventKind::Backoff.as_str();
const GIVEUP: &str = EventKind::Giveup.as_str();

pub(super) fn message(report: &EventReport, command: &[OsString], colours: bool) -> String {
    let which = match report.max_tries {
        Some(max_tries) => format!("try {} of {max_tries}", report.tries),
        None => format!("try {}", report.tries),
    };
    let which = match (&report.ending, command.first()) {
        (Some(ending), Some(program)) if ending.is_without_command() => {
            words(std::slice::from_ref(program))
        }
        _ => which,
    };
    let ending = report.ending.as_ref().map(Ending::to_string).unwrap_or_default();
    let (colour, text) = match report.event {
        TRY => ("", format!("{which}: {}", words(command))),
        BACKOFF => (YELLOW, format!("{which} {ending}{}", next(report))),
        GIVEUP => (RED, format!("{which} {ending}; gave up{}", why(report))),
        _ => (GREEN, format!("{which} {ending} after {}", human_duration(report.elapsed))),
    };
    match (colours, colour) {
        (true, colour) if !colour.is_empty() => format!("{colour}{text}{RESET}"),
        _ => text,
    }
}

fn next(report: &EventReport) -> String {
    let wait = report.wait.map(human_duration).map(|wait| wait.to_string()).unwrap_or_default();
    let asked = report.hint.map(|hint| format!(" (it asked for {})", human_duration(hint)));
    format!("; the next one in {wait}{}", asked.unwrap_or_default())
}

fn why(report: &EventReport) -> String {
    let reason = report.reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
    let asked = report.hint.map(|hint| format!("; it asked to wait for {}", human_duration(hint)));
    let held = (report.held_back > 0)
        .then(|| format!("; {} bytes of stdout were held back", report.held_back));
    let elapsed = human_duration(report.elapsed);
    format!(" after {elapsed}{reason}{}{}", asked.unwrap_or_default(), held.unwrap_or_default())
}

/// The command as a person reads it; a word that a shell would change stands in quotes.
fn words(command: &[OsString]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    let word = |word: &OsString| match word.to_str() {
        Some(text) if !text.is_empty() && text.chars().all(plain) => text.to_owned(),
        _ => format!("{word:?}"),
    };
    command.iter().map(word).collect::<Vec<_>>().join(" ")
}
