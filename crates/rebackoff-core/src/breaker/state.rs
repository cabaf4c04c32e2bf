//! The states of a breaker, and of its target.

use core::fmt;

use super::word::Mode;

/// The state of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BreakerState {
    /// Admits all calls.
    Closed,
    /// Rejects all calls, until the open time is over.
    Open,
    /// Admits a few calls, to see whether the target is well again.
    HalfOpen,
    /// Rejects all calls, until a reset.
    Isolated,
}

impl BreakerState {
    /// The name in logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::Isolated => "isolated",
        }
    }
}

impl fmt::Display for BreakerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The health of the target, as a call has seen it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Health {
    /// The target is well.
    Success,
    /// The target has failed.
    Failure,
    /// Unknown: the call was cancelled, or ended for another reason than the target.
    Neutral,
}

/// A change of the state of a breaker, made by one call or one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct StateChange {
    /// The state before.
    pub from: BreakerState,
    /// The state after.
    pub to: BreakerState,
}

impl From<Mode> for BreakerState {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Closed => Self::Closed,
            Mode::Open => Self::Open,
            Mode::HalfOpen => Self::HalfOpen,
            Mode::Isolated => Self::Isolated,
        }
    }
}

/// The calls that a closed breaker has counted towards opening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallCounts {
    /// The calls of the window; failures in a row, where only these are counted.
    pub calls: u64,
    /// The failures among them.
    pub failures: u64,
    /// The slow ones among them.
    pub slow: u64,
}
