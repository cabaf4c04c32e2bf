//! Completions and manual pages, made from the one definition.

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap_complete::Shell;
use clap_mangen::Man;

use crate::Failure;
use crate::options::{CompletionsOptions, ManOptions, definition};

impl CompletionsOptions {
    /// Prints the completions, or writes them to where the shell looks for them.
    pub(crate) fn install(self) -> Result<u8, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut definition(), "rebackoff", &mut script);
        if !self.install {
            return print(&script);
        }
        let (folder, name) = match self.shell {
            Shell::Bash => (data("bash-completion/completions")?, "rebackoff"),
            Shell::Zsh => (data("zsh/site-functions")?, "_rebackoff"),
            Shell::Fish => (config("fish/completions")?, "rebackoff.fish"),
            other if self.dir.is_none() => {
                return Err(Failure::new(format_args!(
                    "where {other} looks for completions is not known: name it with --dir"
                )));
            }
            _ => (PathBuf::new(), "rebackoff"),
        };
        write(&self.dir.unwrap_or(folder).join(name), &script)?;
        Ok(0)
    }
}

impl ManOptions {
    /// Prints a page, or writes all of them to where `man` looks for them.
    pub(crate) fn install(self) -> Result<u8, Failure> {
        if !self.install {
            let name =
                self.action.map_or("rebackoff".to_owned(), |action| format!("rebackoff-{action}"));
            let pages = pages()?;
            let page = pages.iter().find(|(file, _)| *file == format!("{name}.1"));
            return print(page.map_or(&b""[..], |(_, page)| page));
        }
        let folder = match self.dir {
            Some(folder) => folder,
            None => data("man/man1")?,
        };
        for (name, page) in pages()? {
            write(&folder.join(name), &page)?;
        }
        Ok(0)
    }
}

/// The page of rebackoff itself, then one for each action, each with its file name.
fn pages() -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let mut definition = definition();
    definition.build();
    let mut pages = Vec::new();
    for command in std::iter::once(&definition).chain(definition.get_subcommands()) {
        let man = Man::new(command.clone());
        let (name, mut page) = (man.get_filename(), Vec::new());
        man.render(&mut page).map_err(|error| Failure::io("cannot make a manual page", &error))?;
        pages.push((name, page));
    }
    Ok(pages)
}

pub(crate) fn print(bytes: &[u8]) -> Result<u8, Failure> {
    let mut stdout = io::stdout();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(0),
        // As a program that does not know better: nobody reads, and that is no error.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::silent(141)),
        Err(error) => Err(Failure::io("cannot write to stdout", &error)),
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, bytes));
    written
        .map_err(|error| Failure::io(format_args!("cannot write {}", path.display()), &error))?;
    print(format!("{}\n", path.display()).as_bytes()).map(|_| ())
}

fn data(below: &str) -> Result<PathBuf, Failure> {
    base("XDG_DATA_HOME", ".local/share", below)
}

fn config(below: &str) -> Result<PathBuf, Failure> {
    base("XDG_CONFIG_HOME", ".config", below)
}

fn base(variable: &str, usual: &str, below: &str) -> Result<PathBuf, Failure> {
    let absolute =
        |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(variable)
        .or_else(|| Some(absolute("HOME")?.join(usual)))
        .map(|base| base.join(below))
        .ok_or_else(|| {
            Failure::new(format_args!(
                "neither {variable} nor HOME is set: name the folder with --dir"
            ))
        })
}
