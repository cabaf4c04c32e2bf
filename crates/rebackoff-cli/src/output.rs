//! Texts that are printed: help, plans, pages.

use std::io::{self, Write as _};

use crate::CliError;

/// Writes to stdout; gives the exit code.
pub(crate) fn print(bytes: &[u8]) -> Result<u8, CliError> {
    let mut stdout = io::stdout();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(0),
        // As a program that SIGPIPE ends.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(CliError::silent(141)),
        Err(error) => Err(CliError::io("cannot write to stdout", &error)),
    }
}
