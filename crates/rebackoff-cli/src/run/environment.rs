//! What a try is told in its environment.

use std::num::NonZeroU64;
use std::process::Command;
use std::time::Duration;

/// What a try is told in its environment. What has no value is not set.
#[derive(Debug)]
pub(super) struct Environment {
    pub(super) tries: u64,
    pub(super) max_tries: Option<NonZeroU64>,
    pub(super) last_exit: Option<u8>,
    pub(super) elapsed: Duration,
    pub(super) remaining: Option<Duration>,
}

impl Environment {
    pub(super) fn tell(&self, command: &mut Command) {
        let millis = |duration: Duration| duration.as_millis().to_string();
        set(command, "REBACKOFF_TRY", Some(self.tries.to_string()));
        set(command, "REBACKOFF_MAX_TRIES", self.max_tries.map(|tries| tries.to_string()));
        set(command, "REBACKOFF_LAST_EXIT", self.last_exit.map(|code| code.to_string()));
        set(command, "REBACKOFF_ELAPSED_MS", Some(millis(self.elapsed)));
        set(command, "REBACKOFF_REMAINING_MS", self.remaining.map(millis));
    }
}

fn set(command: &mut Command, variable: &str, value: Option<String>) {
    match value {
        Some(value) => command.env(variable, value),
        None => command.env_remove(variable),
    };
}
