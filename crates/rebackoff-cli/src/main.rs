//! `rebackoff`: retries any command well, and shows what a policy will do.
//!
//! The command line is a driver over the engine of `rebackoff-core`: it calls, sleeps and reports. The engine decides
//! about the next try, in `run` as in `plan`.
//!
//! Options as parsed are in `options`; what they come to, in [`run::Run`] and [`plan::PlanCommand`].

#[cfg(not(unix))]
compile_error!(
    "the command line of rebackoff is for Unix: it needs process groups, signals and terminals"
);

mod codes;
mod config;
mod ending;
mod failure;
mod guard;
mod human;
mod input;
mod install;
mod markup;
mod options;
mod output;
mod plan;
mod random;
mod report;
mod run;
mod signals;
mod simulate;

use std::process::ExitCode;

use failure::CliError;
use options::Action;

fn main() -> ExitCode {
    let code = options::parse().and_then(|action| match action {
        Action::Run(options) => options.resolve()?.run(),
        Action::Plan(options) => options.resolve()?.show(),
        Action::Simulate(options) => options.simulate(),
        Action::Guard(options) => options.act(),
        Action::Completions(options) => options.install(),
        Action::Man(options) => options.install(),
    });
    ExitCode::from(code.unwrap_or_else(CliError::report))
}
