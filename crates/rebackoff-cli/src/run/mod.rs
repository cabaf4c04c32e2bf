//! `rebackoff run`: the driver. It calls, asks the engine, and does what the engine says.

mod call;
mod conditions;
mod context;
mod environment;
mod guards;
mod hook;
mod inbox;
mod processes;
mod program;
mod resolve;
mod running;
mod state;
mod streams;
mod terminal;
mod timestamp;
mod wait;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::Signal;
use rebackoff_core::Policy;

use crate::CliError;
use crate::ending::Ending;
use crate::options::FailedOutput;
use crate::report::Reporter;
use call::{Begun, CommandCall};
use conditions::Conditions;
pub(crate) use guards::AskedFleet;
use guards::AskedGuards;

/// The task of `rebackoff run`.
#[derive(Debug)]
pub(crate) struct Run {
    policy: Policy,
    /// The policy after a server that throttles; `None` for `policy`.
    throttled: Option<Policy>,
    timeout: Option<Duration>,
    deadline: Option<Duration>,
    grace: Duration,
    signal: Signal,
    conditions: Conditions,
    guards: AskedGuards,
    command: Vec<OsString>,
    on_retry: Option<OsString>,
    on_success: Option<OsString>,
    on_giveup: Option<OsString>,
    once: bool,
    failed_output: Option<FailedOutput>,
    replay_stdin: bool,
    state: Option<PathBuf>,
    exit_codes: ExitCodes,
    reporter: Reporter,
}

/// The exit codes of ends that are not the command's own.
#[derive(Clone, Copy, Debug)]
struct ExitCodes {
    preserve_status: bool,
    /// Of a time limit; where it is not given, a limit on the call leaves the command's own.
    timeout: Option<u8>,
    /// Of a run beside another one with the same state.
    conflict: u8,
}

impl Run {
    /// Runs the command until it has succeeded or the engine gives up; gives the exit code.
    pub(crate) fn run(self) -> Result<u8, CliError> {
        let mut call = match CommandCall::begin(&self) {
            Ok(Begun::CommandCall(call)) => call,
            Ok(Begun::Not(code)) => return Ok(code),
            Err(failure) => {
                self.reporter.log(&call::report_of_failure(&failure, 0));
                return Err(failure);
            }
        };
        let code = call.run();
        if let Err(failure) = &code {
            self.reporter.log(&call::report_of_failure(failure, call.tries()));
        }
        code
    }
}

/// Returns whether the command ended because its output has no reader. A shell exits with the code of its command.
fn lost_its_reader(ending: &Ending) -> bool {
    ending.code() == Ending::Killed(Signal::SIGPIPE as i32).code()
        && streams::stdout_has_no_reader()
}
