//! The outcome of a call, and of the try that runs.

use std::time::Duration;

use rebackoff_core::Reason;

/// The end of one call: `.outcome()` returns it in place of the bare result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome<O> {
    /// The outcome of the last try, untouched; of a call that a breaker rejected, the outcome made of
    /// the rejection.
    pub result: O,
    /// The tries that were made, since the call last began anew; 0 where a breaker rejected the call.
    pub tries: u64,
    /// All tries that were made, also those before the call began anew
    /// ([`reset_after`](rebackoff_core::PolicyBuilder::reset_after)).
    pub total_tries: u64,
    /// The time from the first try's start to the last try's end, or to the end of the wait after it
    /// where a breaker rejected the next one then; zero without a try.
    pub elapsed: Duration,
    /// The reason to give up; `None` when the call succeeded.
    pub reason: Option<Reason>,
    /// The wait that the last outcome asked for, when the call gave up and it asked for one: the
    /// time to come back after, where the reason is [`Reason::Hint`]. `None` where that wait is over
    /// already, and a breaker rejected the next try.
    pub hint: Option<Duration>,
}

impl<O> Outcome<O> {
    /// Returns whether the last try was accepted.
    pub const fn is_success(&self) -> bool {
        self.reason.is_none()
    }
}

/// Information about the current try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// The tries so far, with this one.
    pub tries: u64,
    /// The time left when this try began: the least of its timeout, the rest of `max_time` and the rest
    /// of all enclosing calls and deadlines. `None` when it is unlimited.
    pub remaining: Option<Duration>,
    /// The most time that this try may take, at the end of which [`timeout`](crate::engine::Call::timeout)
    /// cancels it at the latest: the rest of all enclosing calls and deadlines, and of `max_time` where
    /// `last_wait` is `Stop`. `None` when it is unlimited.
    pub limit: Option<Duration>,
}

impl Attempt {
    /// A try, for tests of targets that take one.
    pub const fn new(tries: u64, remaining: Option<Duration>) -> Self {
        Self { tries, remaining, limit: None }
    }
}
