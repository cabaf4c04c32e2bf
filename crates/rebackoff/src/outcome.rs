//! How a call went.

use std::time::Duration;

use rebackoff_core::Reason;

/// How one call went: what `.outcome()` gives in place of the bare result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome<O> {
    /// What the last try gave, untouched.
    pub result: O,
    /// The tries that were made.
    pub tries: u64,
    /// The time from the first try's start to the last try's end.
    pub elapsed: Duration,
    /// Why the call gave up; `None` when it succeeded.
    pub reason: Option<Reason>,
}

impl<O> Outcome<O> {
    /// Whether the last try was accepted.
    pub const fn is_success(&self) -> bool {
        self.reason.is_none()
    }
}

/// What a target may ask about the try that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// The tries so far, with this one.
    pub tries: u64,
    /// The time left of `max_time` when this try began; `None` when it is unlimited.
    pub remaining: Option<Duration>,
}

impl Attempt {
    /// A try for a test of a target that asks about it.
    pub const fn new(tries: u64, remaining: Option<Duration>) -> Self {
        Self { tries, remaining }
    }
}
