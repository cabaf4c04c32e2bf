//! Options as parsed. What they come to is made by their `resolve`.
#![allow(clippy::doc_markdown, reason = "these comments are the help that a terminal shows")]

mod install;
mod plan;
mod policy;
mod run;

pub(crate) use install::{CompletionsOptions, ManOptions};
pub(crate) use plan::{Format, PlanOptions};
pub(crate) use policy::PolicyOptions;
pub(crate) use run::{FailedOutput, LogFormat, RunOptions};

use std::env;
use std::mem::ManuallyDrop;

use clap::{Args as _, Command, FromArgMatches, Subcommand};

use crate::Failure;

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    Run(Box<RunOptions>),
    Plan(Box<PlanOptions>),
    Completions(CompletionsOptions),
    Man(ManOptions),
}

const ABOUT: &str = "Retries any command well, and shows what a policy will do";

const AFTER: &str = "\
Exit codes of `rebackoff run`: the command's own; 128+n when signal n ended it; 124 when --timeout or --deadline did; \
125 for wrong usage or a failure of rebackoff's own; 126 when the command cannot be executed, 127 when it is not found.";

/// The one definition from which arguments are parsed, and completions and manual pages made.
///
/// The options of an action are built only when it is called: most of a start is spent on that.
pub(crate) fn definition() -> Command {
    Command::new("rebackoff")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .after_help(AFTER)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommand(Command::new("run").about(run::ABOUT).defer(|command| {
            RunOptions::augment_args(command)
                .after_long_help(run::EXAMPLES)
                .args_override_self(true)
        }))
        .subcommand(Command::new("plan").about(plan::ABOUT).defer(|command| {
            PlanOptions::augment_args(command)
                .after_long_help(plan::EXAMPLES)
                .args_override_self(true)
        }))
        .subcommand(
            Command::new("completions")
                .about(install::ABOUT_COMPLETIONS)
                .defer(CompletionsOptions::augment_args),
        )
        .subcommand(Command::new("man").about(install::ABOUT_MAN).defer(ManOptions::augment_args))
}

/// What the command line asks for.
///
/// # Errors
///
/// Wrong usage; also where help or the version was asked for and has been printed.
pub(crate) fn parse() -> Result<Action, Failure> {
    // What is parsed from is of no use after it, but that is no reason to take it apart.
    let mut definition = ManuallyDrop::new(definition());
    definition
        .try_get_matches_from_mut(env::args_os())
        .and_then(|matches| Action::from_arg_matches(&matches))
        .map_err(|error| {
            let printed = error.print();
            Failure::silent(match (error.use_stderr(), printed) {
                (false, Ok(())) => 0,
                _ => Failure::CODE,
            })
        })
}
