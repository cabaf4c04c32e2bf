//! The environment of a try.

use std::env;
use std::ffi::{CStr, CString, OsString};
use std::num::NonZeroU64;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
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
    variables: Vec<Variable>,
    /// The number of variables that stay as they are.
    kept: usize,
    /// The marks of the calls around this one, if any, and those with its own.
    outer_calls: Option<String>,
    calls: String,
}

/// A variable as a command gets it.
#[derive(Debug)]
pub(super) enum Variable {
    Inherited(CString),
    /// `NAME=value`, and a NUL.
    Progress(Vec<u8>),
}

/// The digits of the largest number.
const DIGITS: usize = 20;
/// Room for a variable of a call's progress.
const ROOM: usize = 64;

impl Environment {
    /// The environment of a call with this mark.
    pub(super) fn inherited(mark: &str) -> Self {
        let is_kept = |(name, _): &(OsString, OsString)| NAMES.iter().all(|known| name != known);
        let variables: Vec<_> = env::vars_os().filter(is_kept).filter_map(inherited).collect();
        let kept = variables.len();
        let outer_calls = env::var(CALL).ok();
        let calls = outer_calls.iter().map(String::as_str).chain([mark]);
        let calls = calls.collect::<Vec<_>>().join("/");
        Self { variables, kept, outer_calls, calls }
    }

    /// The environment of a try that begins now.
    pub(super) fn of_try(&mut self, progress: &Progress) -> &[Variable] {
        self.variables.truncate(self.kept);
        self.variables.push(Variable::new(CALL, self.calls.as_bytes()));
        self.add(progress)
    }

    /// The environment of a hook: its processes are none of a try.
    pub(super) fn of_hook(&mut self, progress: &Progress) -> &[Variable] {
        self.variables.truncate(self.kept);
        self.variables
            .extend(self.outer_calls.as_ref().map(|calls| Variable::new(CALL, calls.as_bytes())));
        self.add(progress)
    }

    fn add(&mut self, progress: &Progress) -> &[Variable] {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.set("REBACKOFF_TRY", Some(progress.tries));
        self.set("REBACKOFF_MAX_TRIES", progress.max_tries.map(u64::from));
        self.set("REBACKOFF_LAST_EXIT", progress.last_exit.map(u64::from));
        self.set("REBACKOFF_ELAPSED_MS", Some(millis(progress.elapsed)));
        self.set("REBACKOFF_REMAINING_MS", progress.remaining.map(millis));
        let reason = progress.reason.map(str::as_bytes);
        let reason = reason.map(|reason| Variable::new("REBACKOFF_REASON", reason));
        self.variables.extend(reason);
        &self.variables
    }

    fn set(&mut self, name: &str, value: Option<u64>) {
        let Some(mut rest) = value else {
            return;
        };
        // Without an allocation: a further try costs little else.
        let mut digits = [b'0'; DIGITS];
        let mut begin = DIGITS;
        while begin == DIGITS || rest > 0 {
            begin -= 1;
            digits[begin] += u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
        }
        self.variables.push(Variable::new(name, &digits[begin..]));
    }
}

impl Variable {
    fn new(name: &str, value: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(ROOM);
        for part in [name.as_bytes(), b"=", value, b"\0"] {
            bytes.extend_from_slice(part);
        }
        Self::Progress(bytes)
    }
}

impl AsRef<CStr> for Variable {
    fn as_ref(&self) -> &CStr {
        match self {
            Self::Inherited(variable) => variable,
            Self::Progress(bytes) => CStr::from_bytes_until_nul(bytes).unwrap_or_default(),
        }
    }
}

/// A variable of rebackoff's own; the system gives none with a NUL.
fn inherited((name, value): (OsString, OsString)) -> Option<Variable> {
    let mut bytes = name.into_vec();
    bytes.reserve_exact(value.len() + 2);
    bytes.push(b'=');
    bytes.extend_from_slice(value.as_bytes());
    CString::new(bytes).ok().map(Variable::Inherited)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_whole() {
        let mut environment = Environment::inherited("mark");
        for number in [0, 7, 10, 1_000_000_007, u64::MAX] {
            environment.set("NUMBER", Some(number));
            let variable: &CStr = environment.variables.last().unwrap().as_ref();
            assert_eq!(variable.to_str().unwrap(), format!("NUMBER={number}"));
        }
    }
}
