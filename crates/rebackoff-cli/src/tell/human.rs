//! Messages for people.

use std::ffi::OsString;

use rebackoff_core::{EventKind, human_duration};

use super::Told;
use crate::ending::Ending;

/// Clears the rest of the line.
pub(super) const CLEAR: &str = "\x1b[K";

const RED: &str = "\x1b[31m";
const YELLOW: &str = "\x1b[33m";
const GREEN: &str = "\x1b[32m";
const RESET: &str = "\x1b[0m";

pub(super) fn message(told: &Told, command: &[OsString], colours: bool) -> String {
    let which = match told.max_tries {
        Some(max_tries) => format!("try {} of {max_tries}", told.tries),
        None => format!("try {}", told.tries),
    };
    let which = match (told.ending, command.first()) {
        (Some(Ending::NotFound | Ending::NotExecutable), Some(program)) => {
            words(std::slice::from_ref(program))
        }
        _ => which,
    };
    let ending = told.ending.map(|ending| ending.to_string()).unwrap_or_default();
    let (colour, text) = match told.event {
        EventKind::Try => ("", format!("{which}: {}", words(command))),
        EventKind::Backoff => (YELLOW, format!("{which} {ending}{}", next(told))),
        EventKind::Giveup => (RED, format!("{which} {ending}; gave up{}", why(told))),
        EventKind::Success => {
            (GREEN, format!("{which} {ending} after {}", human_duration(told.elapsed)))
        }
    };
    match (colours, colour) {
        (true, colour) if !colour.is_empty() => format!("{colour}{text}{RESET}"),
        _ => text,
    }
}

fn next(told: &Told) -> String {
    let wait = told.wait.map(human_duration).map(|wait| wait.to_string()).unwrap_or_default();
    let asked = told.hint.map(|hint| format!(" (it asked for {})", human_duration(hint)));
    format!("; the next one in {wait}{}", asked.unwrap_or_default())
}

fn why(told: &Told) -> String {
    let reason = told.reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
    let asked = told.hint.map(|hint| format!("; it asked to wait for {}", human_duration(hint)));
    let held = (told.held_back > 0)
        .then(|| format!("; {} bytes of stdout were held back", told.held_back));
    let elapsed = human_duration(told.elapsed);
    format!(" after {elapsed}{reason}{}{}", asked.unwrap_or_default(), held.unwrap_or_default())
}

/// The command as a person reads it; what would not come back from a shell as it is stands in quotes.
fn words(command: &[OsString]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    let word = |word: &OsString| match word.to_str() {
        Some(text) if !text.is_empty() && text.chars().all(plain) => text.to_owned(),
        _ => format!("{word:?}"),
    };
    command.iter().map(word).collect::<Vec<_>>().join(" ")
}
