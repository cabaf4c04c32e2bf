//! `rebackoff run`: the driver. It calls, asks the engine, and does what it says.

mod attempt;
mod call;
mod children;
mod conditions;
mod environment;
mod inbox;
mod resolve;
mod state;
mod streams;
mod surroundings;
mod terminal;
mod wait;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use rebackoff_core::Policy;
use rustix::process::Signal;

use crate::Failure;
use crate::ending::Ending;
use crate::tell::Voice;
use call::{Begun, Call, Next};
use conditions::Conditions;

/// What `rebackoff run` is to do.
#[derive(Debug)]
pub(crate) struct Run {
    policy: Policy,
    timeout: Option<Duration>,
    grace: Duration,
    conditions: Conditions,
    command: Vec<OsString>,
    on_retry: Option<OsString>,
    once: bool,
    replay_stdin: bool,
    state: Option<PathBuf>,
    voice: Voice,
}

impl Run {
    /// Runs the command until it has succeeded or the engine gives up; gives the exit code.
    pub(crate) fn run(self) -> Result<u8, Failure> {
        let mut call = match Call::begin(&self)? {
            Begun::Call(call) => call,
            Begun::TooEarly(code) => return Ok(code),
        };
        loop {
            let outcome = call.attempt()?;
            match call.decide(&outcome) {
                Next::Return => return call.succeed(outcome),
                Next::Leave(interruption) => return Ok(call.leave(outcome, interruption)),
                Next::GiveUp(reason) => return call.give_up(outcome, reason),
                Next::Retry(wait) => {
                    if let Some(code) = call.back_off(outcome, wait)? {
                        return Ok(code);
                    }
                }
            }
        }
    }
}

/// Whether the command ended because nobody reads what it writes.
fn lost_its_reader(ending: Ending) -> bool {
    ending.signal() == Some(Signal::PIPE.as_raw()) && streams::stdout_has_no_reader()
}
