//! Options as parsed; their `resolve` checks them.
#![allow(clippy::doc_markdown, reason = "these comments are the help that a terminal shows")]

mod guard;
mod install;
mod plan;
mod policy;
mod run;
mod simulate;

pub(crate) use guard::{GuardAction, GuardFormat, GuardOptions};
pub(crate) use install::{CompletionsOptions, ManOptions};
pub(crate) use plan::{Format, PlanOptions, Rule};
pub(crate) use policy::PolicyOptions;
pub(crate) use run::{FailedOutput, LogFormat, RunOptions};
pub(crate) use simulate::{SimulateFormat, SimulateOptions};

use std::convert::identity;
use std::env;
use std::ffi::{OsStr, OsString};
use std::mem::ManuallyDrop;

use clap::error::ErrorKind;
use clap::{Args as _, Command, FromArgMatches, Subcommand};

use crate::CliError;
use crate::output::print;

/// The action of the command line.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    Run(Box<RunOptions>),
    Plan(Box<PlanOptions>),
    Simulate(SimulateOptions),
    Guard(GuardOptions),
    Completions(CompletionsOptions),
    Man(ManOptions),
}

const ABOUT: &str = "Retries commands, and shows what a retry policy does before it runs";

const AFTER: &str = "\
Exit status of `rebackoff run`:
  the command's own; 128+n when signal n ended it; 124 when --timeout or --deadline did; \
75 when the breaker rejects the first try; \
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
        .subcommand(Command::new("simulate").about(simulate::ABOUT).defer(|command| {
            SimulateOptions::augment_args(command)
                .after_long_help(simulate::EXAMPLES)
                .args_override_self(true)
        }))
        .subcommand(
            Command::new("guard").about(guard::ABOUT).defer(|command| {
                GuardOptions::augment_args(command).after_long_help(guard::EXAMPLES)
            }),
        )
        .subcommand(
            Command::new("completions")
                .about(install::ABOUT_COMPLETIONS)
                .defer(CompletionsOptions::augment_args),
        )
        .subcommand(Command::new("man").about(install::ABOUT_MAN).defer(ManOptions::augment_args))
}

/// The action that the command line asks for.
///
/// # Errors
///
/// Wrong usage; also where help or the version was asked for and has been printed.
pub(crate) fn parse() -> Result<Action, CliError> {
    // The definition is of no use after parsing, but to take it apart costs instructions.
    let mut definition = ManuallyDrop::new(definition());
    let mut parse = |arguments: &[OsString]| {
        let mut matches = definition.try_get_matches_from_mut(arguments)?;
        Action::from_arg_matches_mut(&mut matches)
    };
    let mut arguments: Vec<_> = env::args_os().collect();
    let mut parsed = parse(&arguments);
    while let Some(other) = parsed.as_ref().err().and_then(|error| retold(error, &arguments)) {
        arguments = other;
        parsed = parse(&arguments);
    }
    parsed.map_err(|error| {
        if error.use_stderr() {
            // A stderr that is gone is ignored.
            let _ = error.print();
            return CliError::silent(CliError::CODE);
        }
        print(error.to_string().as_bytes()).map_or_else(identity, CliError::silent)
    })
}

/// The arguments to parse in place of those that `error` refuses: `ACTION --help` for `help ACTION`, and `--option=-1`
/// for `--option -1`, so that the message is about the number.
fn retold(error: &clap::Error, arguments: &[OsString]) -> Option<Vec<OsString>> {
    let mut arguments = arguments.to_vec();
    match error.kind() {
        ErrorKind::InvalidSubcommand if arguments.get(1)? == "help" => {
            arguments.remove(1);
            arguments.truncate(2);
            arguments.push("--help".into());
        }
        ErrorKind::UnknownArgument => {
            let mut own = arguments.iter().take_while(|argument| *argument != "--");
            let at = own.position(|argument| is_negative(argument))?;
            let number = arguments.remove(at);
            let option = arguments.get_mut(at.checked_sub(1)?)?;
            let bytes = option.as_encoded_bytes();
            (bytes.starts_with(b"-") && !bytes.contains(&b'=')).then_some(())?;
            option.push("=");
            option.push(number);
        }
        _ => return None,
    }
    Some(arguments)
}

fn is_negative(argument: &OsStr) -> bool {
    let rest = argument.as_encoded_bytes().strip_prefix(b"-");
    rest.and_then(<[u8]>::first).is_some_and(|byte| byte.is_ascii_digit() || *byte == b'.')
}
