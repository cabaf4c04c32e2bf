//! Permits and rejections.

use core::fmt;

use super::probes::{Holder, Probe};
use super::state::{BreakerState, StateChange};
use crate::Seconds;

/// The permit of one admitted call. It goes back with [`Breaker::settle_at`](crate::Breaker::settle_at), once.
// Two words of plain numbers, which stay in registers: an enum with data goes through memory in pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a permit goes back with `settle_at`"]
pub struct Permit {
    /// The generation of the closed breaker, or the holder of the probe's place.
    number: u64,
    place: u8,
    kind: PermitKind,
}

/// The breaker that admitted the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PermitKind {
    Closed,
    HalfOpen,
    /// The call is the first probe since the breaker was open.
    FirstHalfOpen,
    DryRun,
}

impl Permit {
    pub(super) const DRY_RUN: Self = Self { number: 0, place: 0, kind: PermitKind::DryRun };

    #[inline]
    pub(super) const fn closed(generation: u16) -> Self {
        Self { number: generation as u64, place: 0, kind: PermitKind::Closed }
    }

    #[inline]
    pub(super) const fn probe(probe: Probe, is_first: bool) -> Self {
        let kind = if is_first { PermitKind::FirstHalfOpen } else { PermitKind::HalfOpen };
        Self { number: probe.holder.0, place: probe.place, kind }
    }

    /// The place that the call has taken, if it is a probe.
    #[inline]
    pub(super) const fn to_probe(self) -> Option<Probe> {
        match self.kind {
            PermitKind::HalfOpen | PermitKind::FirstHalfOpen => {
                Some(Probe { place: self.place, holder: Holder(self.number) })
            }
            PermitKind::Closed | PermitKind::DryRun => None,
        }
    }

    /// The generation of the closed breaker that admitted the call, if it was one.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "it was made of 16 bits")]
    pub(super) const fn generation(self) -> Option<u16> {
        match self.kind {
            PermitKind::Closed => Some(self.number as u16),
            _ => None,
        }
    }

    /// Returns whether the call is a probe of a half-open breaker.
    pub const fn is_probe(self) -> bool {
        self.to_probe().is_some()
    }

    /// The change of state that admitting this call made: open to half-open, for the first probe.
    #[inline]
    pub const fn change(self) -> Option<StateChange> {
        match self.kind {
            PermitKind::FirstHalfOpen => {
                Some(StateChange { from: BreakerState::Open, to: BreakerState::HalfOpen })
            }
            _ => None,
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
