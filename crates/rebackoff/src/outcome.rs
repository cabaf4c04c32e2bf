//! How a call went.

use std::time::Duration;

use rebackoff_core::Reason;

/// How one call went: what `.outcome()` gives in place of the bare result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome<O> {
    /// What the last try gave, untouched; where a breaker let none through, what the call gives in
    /// its place.
    pub result: O,
    /// The tries that were made; 0 where a breaker let none through.
    pub tries: u64,
    /// The time from the first try's start to the last try's end, or to the end of the wait after it
    /// where a breaker refused the next one then; zero without a try.
    pub elapsed: Duration,
    /// Why the call gave up; `None` when it succeeded.
    pub reason: Option<Reason>,
    /// The wait that the last outcome asked for, when the call gave up and it asked for one: the
    /// time to come back after, where the reason is [`Reason::Hint`]. `None` where that wait is over
    /// already, and a breaker refused the next try.
    pub hint: Option<Duration>,
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
    /// The time left when this try began: the least of its timeout and of what is left of `max_time`
    /// and of the calls and deadlines around this one. `None` when it is unlimited.
    pub remaining: Option<Duration>,
    /// The most time that this try may take, and the one at which [`timeout`](crate::Call::timeout)
    /// cancels it at the latest: what is left of the calls and deadlines around this one, and, where
    /// `last_wait` is `Stop`, of `max_time`, too. `None` when it is unlimited.
    pub limit: Option<Duration>,
}

impl Attempt {
    /// A try for a test of a target that asks about it.
    pub const fn new(tries: u64, remaining: Option<Duration>) -> Self {
        Self { tries, remaining, limit: None }
    }
}
