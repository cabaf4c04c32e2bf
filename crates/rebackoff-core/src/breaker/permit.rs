//! Permits and rejections.

use core::fmt;

use super::probes::Probe;
use super::state::{BreakerState, StateChange};
use crate::Seconds;

/// The permit of one admitted call. It goes back with [`Breaker::settle`](crate::Breaker::settle), once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a permit goes back with `settle`"]
pub struct Permit {
    admitted: Admitted,
    /// The call is the first probe since the breaker was open.
    half_opens: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admitted {
    /// Admitted by a closed breaker of this generation.
    Closed(u16),
    /// Admitted by a half-open breaker.
    Probe(Probe),
    /// Admitted by a dry run.
    DryRun,
}

impl Permit {
    #[inline]
    pub(super) const fn of(admitted: Admitted) -> Self {
        Self { admitted, half_opens: false }
    }

    #[inline]
    pub(super) const fn closed(generation: u16) -> Self {
        Self::of(Admitted::Closed(generation))
    }

    pub(super) const fn probe(probe: Probe, half_opens: bool) -> Self {
        Self { admitted: Admitted::Probe(probe), half_opens }
    }

    #[inline]
    pub(super) const fn admitted(self) -> Admitted {
        self.admitted
    }

    /// Returns whether the call is a probe of a half-open breaker.
    pub const fn is_probe(self) -> bool {
        matches!(self.admitted, Admitted::Probe(_))
    }

    /// The change of state that admitting this call made: open to half-open, for the first probe.
    #[inline]
    pub const fn change(self) -> Option<StateChange> {
        if self.half_opens {
            Some(StateChange { from: BreakerState::Open, to: BreakerState::HalfOpen })
        } else {
            None
        }
    }
}

/// The rejection of a call by a breaker. It is no failure of the target, which was not called.
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
