//! The folders in which shells and `man` look.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap_complete::Shell;
use rustix::fs::{Access, access};

use crate::CliError;

/// The folder in which `shell` looks for completions.
pub(super) fn of(shell: Shell) -> Result<PathBuf, CliError> {
    match shell {
        Shell::Bash => match absolute("BASH_COMPLETION_USER_DIR") {
            Some(folder) => Ok(folder.join("completions")),
            None => data("bash-completion/completions"),
        },
        Shell::Zsh => zsh(),
        Shell::Fish => base("XDG_CONFIG_HOME", ".config", "fish/completions"),
        other => Err(CliError::new(format_args!(
            "the folder of {other}'s completions is not known: name it with --dir"
        ))),
    }
}

/// The folder `below` that of the user's data.
pub(super) fn data(below: &str) -> Result<PathBuf, CliError> {
    base("XDG_DATA_HOME", ".local/share", below)
}

/// The user's first folder of zsh's `fpath`, else the first that can be written to. Zsh has no folder for users by
/// default.
fn zsh() -> Result<PathBuf, CliError> {
    let folders = fpath().unwrap_or_default();
    let home = absolute("HOME");
    let users =
        folders.iter().find(|folder| home.as_ref().is_some_and(|home| folder.starts_with(home)));
    let writable = || folders.iter().find(|folder| access(*folder, Access::WRITE_OK).is_ok());
    if let Some(folder) = users.or_else(writable) {
        return Ok(folder.clone());
    }
    let folder = data("zsh/site-functions")?;
    crate::report::complain(format_args!(
        "zsh does not look there yet: add `fpath=({} $fpath)` to .zshrc, before compinit",
        folder.display()
    ));
    Ok(folder)
}

fn fpath() -> io::Result<Vec<PathBuf>> {
    let mut zsh = Command::new("zsh");
    zsh.args(["-ic", "print -rl -- $fpath"]).stdin(Stdio::null()).stderr(Stdio::null());
    let output = zsh.output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().map(PathBuf::from).filter(|folder| folder.is_absolute()).collect())
}

fn base(variable: &str, usual: &str, below: &str) -> Result<PathBuf, CliError> {
    absolute(variable)
        .or_else(|| Some(absolute("HOME")?.join(usual)))
        .map(|base| base.join(below))
        .ok_or_else(|| {
            CliError::new(format_args!(
                "neither {variable} nor HOME is set: name the folder with --dir"
            ))
        })
}

fn absolute(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from).filter(|path| Path::is_absolute(path))
}
