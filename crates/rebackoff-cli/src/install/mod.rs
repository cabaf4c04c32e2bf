//! Completions and manual pages, made from the one definition.

mod completions;
mod folders;
mod manual;

use std::fs;
use std::path::Path;

use clap_complete::Shell;

use crate::CliError;
use crate::options::{CompletionsOptions, ManOptions};
use crate::output::print;

impl CompletionsOptions {
    /// Prints the completions, or writes them to where the shell looks for them.
    pub(crate) fn install(self) -> Result<u8, CliError> {
        let script = completions::script(self.shell);
        if !self.install {
            return print(script.as_bytes());
        }
        let name = match self.shell {
            Shell::Zsh => "_rebackoff",
            Shell::Fish => "rebackoff.fish",
            _ => "rebackoff",
        };
        let folder = match self.dir {
            Some(folder) => folder,
            None => folders::of(self.shell)?,
        };
        write(&folder.join(name), script.as_bytes())?;
        Ok(0)
    }
}

impl ManOptions {
    /// Prints a page, or writes all of them to where `man` looks for them.
    pub(crate) fn install(self) -> Result<u8, CliError> {
        if !self.install {
            let name =
                self.action.map_or("rebackoff".to_owned(), |action| format!("rebackoff-{action}"));
            let pages = manual::pages()?;
            let page = pages.iter().find(|(file, _)| *file == format!("{name}.1"));
            return print(page.map_or(&b""[..], |(_, page)| page));
        }
        let folder = match self.dir {
            Some(folder) => folder,
            None => folders::data("man/man1")?,
        };
        for (name, page) in manual::pages()? {
            write(&folder.join(name), &page)?;
        }
        Ok(0)
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, bytes));
    written
        .map_err(|error| CliError::io(format_args!("cannot write {}", path.display()), &error))?;
    print(format!("{}\n", path.display()).as_bytes()).map(|_| ())
}
