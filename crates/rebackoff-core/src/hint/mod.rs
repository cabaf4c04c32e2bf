//! Hints: waits that an outcome asks for, in the headers of a response for example.

#[cfg(feature = "headers")]
mod date;
#[cfg(feature = "headers")]
mod headers;
#[cfg(feature = "headers")]
mod iso;
#[cfg(feature = "headers")]
mod number;
#[cfg(feature = "headers")]
mod retry_info;
#[cfg(feature = "headers")]
mod values;

use crate::{Seconds, Verdict};

/// The request of an outcome to wait before the next try, or not to try again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hint {
    /// To wait at least this long.
    Wait(Seconds),
    /// Not to try again (a negative gRPC pushback, `x-should-retry: false`).
    Stop,
}

impl Hint {
    /// The wait, where it asks for one.
    pub const fn wait(self) -> Option<core::time::Duration> {
        match self {
            Self::Wait(wait) => Some(wait.to_duration()),
            Self::Stop => None,
        }
    }
}

/// A failed try that asked for this.
impl From<Hint> for Verdict {
    fn from(hint: Hint) -> Self {
        match hint {
            Hint::Wait(wait) => Self::RetryAfter(wait),
            Hint::Stop => Self::Stop,
        }
    }
}

/// A failed try that asked for this, or for nothing.
impl From<Option<Hint>> for Verdict {
    fn from(hint: Option<Hint>) -> Self {
        hint.map_or(Self::Retry, Self::from)
    }
}
