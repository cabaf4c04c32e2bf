//! Texts that are read: profiles and scenarios.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::CliError;

/// The most bytes of a text.
const MOST: u64 = 1 << 20;

/// The text of a file; `None` where there is no such file.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<String>, CliError> {
    match File::open(path).and_then(text) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        text => cannot_read(path, text).map(Some),
    }
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> Result<String, CliError> {
    cannot_read(path, File::open(path).and_then(text))
}

/// The text of stdin.
pub(crate) fn read_stdin() -> Result<String, CliError> {
    cannot_read(Path::new("standard input"), text(io::stdin()))
}

fn cannot_read(place: &Path, text: io::Result<String>) -> Result<String, CliError> {
    text.map_err(|error| CliError::io(format_args!("cannot read {}", place.display()), &error))
}

/// A device may have no end.
fn text(file: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.take(MOST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST {
        return Err(io::Error::other(format!("it has more than {MOST} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
}
