//! Commands of the caller's own beside the tries: `--on-retry`, `--on-success`, `--on-giveup`.

use std::ffi::OsStr;
use std::time::Duration;

use super::context::{Context, Interruption};
use super::environment::Variable;
use super::program::Program;
use super::running::{RunningCommand, Task};
use super::streams::Streams;
use crate::CliError;
use crate::ending::Ending;
use crate::report::Reporter;

/// Runs the shell command `script` of `option`, whose stdin is empty and whose output is a message. The processes
/// that it leaves running go on.
pub(super) fn run_hook(
    option: &str,
    script: &OsStr,
    environment: &[Variable],
    timeout: Option<Duration>,
    context: &mut Context,
    reporter: &Reporter,
) -> Result<Option<Interruption>, CliError> {
    context.lineage.expect_others();
    let mut program = Program::shell(script);
    let streams = Streams::to_stderr();
    let task = Task { program: &mut program, environment, timeout, streams };
    let ending = match RunningCommand::begin(task, context) {
        Ok(mut running) => running.watch(context, None)?,
        Err(ending) => ending,
    };
    if ending != Ending::Exited(0) {
        reporter.warn(format_args!("the command of {option} {ending}"));
    }
    Ok(context.interruption(&ending))
}
