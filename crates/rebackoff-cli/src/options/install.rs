use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

pub(crate) const ABOUT_COMPLETIONS: &str = "Print or install completions for a shell";
pub(crate) const ABOUT_MAN: &str = "Print or install the manual pages";

/// Print or install completions for a shell
#[derive(Args, Debug)]
pub(crate) struct CompletionsOptions {
    /// The shell
    pub(crate) shell: Shell,
    /// Write the file to where the shell looks for it
    #[arg(long)]
    pub(crate) install: bool,
    /// Write it to this directory instead
    #[arg(long, value_name = "DIR", requires = "install")]
    pub(crate) dir: Option<PathBuf>,
}

/// Print or install the manual pages
#[derive(Args, Debug)]
pub(crate) struct ManOptions {
    /// The page of this action; of rebackoff itself unless given
    #[arg(value_parser = ["run", "plan", "simulate", "guard", "completions", "man"])]
    pub(crate) action: Option<String>,
    /// Write all pages to where man looks for them
    #[arg(long, conflicts_with = "action")]
    pub(crate) install: bool,
    /// Write them to this directory instead
    #[arg(long, value_name = "DIR", requires = "install")]
    pub(crate) dir: Option<PathBuf>,
}
