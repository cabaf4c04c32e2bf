//! What goes wrong on our side.

use std::fmt::Display;
use std::io::{self, Write as _};

/// Why there is no answer of the command's own: wrong usage, or a failure of ours.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// The exit code of wrong usage and of our own failures.
    pub(crate) const CODE: u8 = 125;

    pub(crate) fn new(message: impl Display) -> Self {
        Self { code: Self::CODE, message: message.to_string() }
    }

    /// The failure of `doing` something, for example `"cannot write to stdout"`.
    pub(crate) fn io(doing: impl Display, error: &io::Error) -> Self {
        Self::new(format_args!("{doing}: {}", reason(error)))
    }

    /// The same, with where it happened in front.
    pub(crate) fn within(self, place: &dyn Display) -> Self {
        Self { message: format!("{place}{}", self.message), ..self }
    }

    /// An end without a message: what there was to say has been said.
    pub(crate) fn silent(code: u8) -> Self {
        Self { code, message: String::new() }
    }

    /// Says what went wrong; gives the exit code.
    pub(crate) fn report(self) -> u8 {
        if !self.message.is_empty() {
            // Nobody is left to be told that stderr is gone.
            let _ = writeln!(io::stderr(), "rebackoff: {}", self.message);
        }
        self.code
    }
}

/// The reason of `error`, without the number that the standard library adds.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
