//! The reasons to stop without success.

use core::fmt;

/// The reason to give up. The names are the same in logs, metrics and every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// `max_tries` were made.
    // From 1 on, so that no reason is zero, as all else is that a call begins with.
    MaxTries = 1,
    /// `max_time` or the deadline of an enclosing call had passed, or the next wait would end past it and
    /// `last_wait` is [`Stop`](crate::LastWait::Stop).
    MaxTime,
    /// The caller's condition said so.
    Giveup,
    /// The wait strategy ended.
    Exhausted,
    /// A budget refused the retry.
    Budget,
    /// A breaker rejected the first try or a retry.
    Breaker,
    /// The outcome asked to stop, or to wait past the deadline or longer than the ceiling.
    Hint,
    /// The caller's own signal ended the call.
    Cancelled,
}

impl Reason {
    /// The name, for example `max_tries`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MaxTries => "max_tries",
            Self::MaxTime => "max_time",
            Self::Giveup => "giveup",
            Self::Exhausted => "exhausted",
            Self::Budget => "budget",
            Self::Breaker => "breaker",
            Self::Hint => "hint",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
