//! The environment of a try.

use std::env;
use std::ffi::{CString, OsString};
use std::fmt::Display;
use std::num::NonZeroU64;
use std::os::unix::ffi::OsStringExt as _;
use std::time::Duration;

/// The variable that marks every process of a call, and of the calls around it.
pub(super) const CALL: &str = "REBACKOFF_CALL";

const NAMES: [&str; 7] = [
    CALL,
    "REBACKOFF_TRY",
    "REBACKOFF_MAX_TRIES",
    "REBACKOFF_LAST_EXIT",
    "REBACKOFF_ELAPSED_MS",
    "REBACKOFF_REMAINING_MS",
    "REBACKOFF_REASON",
];

/// The progress of a call, for its commands. A field without a value is not set.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) tries: u64,
    pub(super) max_tries: Option<NonZeroU64>,
    pub(super) last_exit: Option<u8>,
    pub(super) elapsed: Duration,
    pub(super) remaining: Option<Duration>,
    pub(super) reason: Option<&'static str>,
}

/// The environment of commands: rebackoff's own, with the progress of the call.
#[derive(Debug)]
pub(super) struct Environment {
    variables: Vec<CString>,
    /// The number of variables that stay as they are.
    kept: usize,
    outer_calls: Option<String>,
}

impl Environment {
    pub(super) fn inherited() -> Self {
        let is_kept = |(name, _): &(OsString, OsString)| NAMES.iter().all(|known| name != known);
        let variables: Vec<_> = env::vars_os()
            .filter(is_kept)
            .filter_map(|(name, value)| {
                let mut variable = name.into_vec();
                variable.reserve_exact(value.len() + 2);
                variable.push(b'=');
                variable.extend(value.into_vec());
                CString::new(variable).ok()
            })
            .collect();
        let kept = variables.len();
        Self { variables, kept, outer_calls: env::var(CALL).ok() }
    }

    /// The environment of a command that begins now; the processes of a try carry its call's `mark`.
    pub(super) fn with(&mut self, progress: &Progress, mark: Option<&str>) -> &[CString] {
        let millis = |duration: Duration| duration.as_millis();
        let calls = [self.outer_calls.as_deref(), mark].into_iter().flatten();
        let calls = calls.collect::<Vec<_>>().join("/");
        self.variables.truncate(self.kept);
        self.set(CALL, (!calls.is_empty()).then_some(calls));
        self.set("REBACKOFF_TRY", Some(progress.tries));
        self.set("REBACKOFF_MAX_TRIES", progress.max_tries);
        self.set("REBACKOFF_LAST_EXIT", progress.last_exit);
        self.set("REBACKOFF_ELAPSED_MS", Some(millis(progress.elapsed)));
        self.set("REBACKOFF_REMAINING_MS", progress.remaining.map(millis));
        self.set("REBACKOFF_REASON", progress.reason);
        &self.variables
    }

    fn set(&mut self, name: &str, value: Option<impl Display>) {
        let variable = value.map(|value| CString::new(format!("{name}={value}")));
        self.variables.extend(variable.into_iter().flatten());
    }
}
