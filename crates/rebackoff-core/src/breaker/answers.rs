//! What a breaker says, and what it is told.

use core::fmt;

use super::probes::Probe;
use crate::Seconds;

/// Whether a breaker lets calls through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BreakerState {
    /// All of them.
    Closed,
    /// None, until its time is over.
    Open,
    /// A few, to see whether the target is well again.
    HalfOpen,
    /// None, until somebody resets it.
    Isolated,
}

impl BreakerState {
    /// The word for it in logs and metrics.
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

/// What a call says about the health of the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Health {
    /// It is well.
    Success,
    /// It is not.
    Failure,
    /// Nothing: the call was cancelled, or came to something that is not the target's doing.
    Neutral,
}

/// A call that may go through. It goes back with [`Breaker::settle`](crate::Breaker::settle), once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit(pub(super) Admitted);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admitted {
    /// By a closed breaker of this generation.
    Closed(u16),
    /// By a half-open one.
    Probe(Probe),
    /// By one that only counts.
    MetricsOnly,
}

impl Permit {
    /// Whether the call is a probe of a half-open breaker.
    pub const fn is_probe(self) -> bool {
        matches!(self.0, Admitted::Probe(_))
    }
}

/// The breaker lets no call through. It is not a failure of the target: nobody asked the target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Open {
    /// The longest time until a probe can be made, if nothing else happens; `None` when it is
    /// isolated.
    pub retry_in: Option<Seconds>,
}

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.retry_in {
            Some(retry_in) => write!(f, "the circuit breaker is open: next probe in {retry_in}"),
            None => f.write_str("the circuit breaker is isolated"),
        }
    }
}

impl core::error::Error for Open {}

/// What a closed breaker has counted towards opening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The calls of the window; failures in a row, where only these are counted.
    pub calls: u64,
    /// The failures among them.
    pub failures: u64,
    /// The slow ones among them.
    pub slow: u64,
}
