//! Failures of rebackoff's own.

use std::fmt::{self, Display};
use std::io::{self, Write as _};

/// Wrong usage, or a failure of rebackoff's own.
#[derive(Debug)]
pub(crate) struct CliError {
    code: u8,
    message: String,
}

impl CliError {
    /// The exit code of wrong usage and of our own failures.
    pub(crate) const CODE: u8 = 125;

    pub(crate) fn new(message: impl Display) -> Self {
        Self { code: Self::CODE, message: without_number(&message.to_string()) }
    }

    /// The failure of `doing` something, for example `"cannot write to stdout"`.
    pub(crate) fn io(doing: impl Display, error: &io::Error) -> Self {
        Self::new(format_args!("{doing}: {}", reason(error)))
    }

    /// An end whose message has been printed.
    pub(crate) fn silent(code: u8) -> Self {
        Self { code, message: String::new() }
    }

    /// Prints the message; gives the exit code.
    pub(crate) fn report(self) -> u8 {
        if !self.message.is_empty() {
            // A stderr that is gone is ignored.
            let _ = writeln!(io::stderr(), "rebackoff: {}", self.message);
        }
        self.code
    }
}

impl Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The reason of `error`, without the number that the standard library adds.
pub(crate) fn reason(error: &io::Error) -> String {
    without_number(&error.to_string())
}

/// `text` without the number of the system's error, of which people know nothing.
pub(crate) fn without_number(text: &str) -> String {
    let numbered = text.split_once(" (os error ").and_then(|(before, number)| {
        let (_, after) = number.split_once(')')?;
        Some(format!("{before}{after}"))
    });
    numbered.unwrap_or_else(|| text.to_owned())
}
