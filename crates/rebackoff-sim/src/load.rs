//! Load: when calls begin.

use crate::distribution::{Distribution, nanos};
use crate::random::Random;

/// The load, as written.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) kind: LoadKind,
    /// The rate is multiplied by this factor from this moment on; sorted.
    pub(crate) changes: Vec<(u64, f64)>,
}

/// The rule by which clients begin their calls.
#[derive(Clone, Debug)]
pub(crate) enum LoadKind {
    /// Calls begin at this rate a second, whatever becomes of earlier ones.
    Open { rate: f64, is_fixed: bool },
    /// Each client thinks after a call, and calls again.
    Closed { think: Distribution },
    /// Each client would call at this rate a second, and begins no call during another.
    Serial { rate: f64 },
    /// Each client calls once, in this span after this moment.
    Burst { at: u64, within: u64 },
}

impl Load {
    /// The factor on the rate at a moment.
    pub(crate) fn factor(&self, now: u64) -> f64 {
        let passed = self.changes.iter().take_while(|(at, _)| *at <= now);
        passed.last().map_or(1.0, |(_, factor)| *factor)
    }
}

impl LoadKind {
    /// The time from one call to the next, of all clients of an open load and of one client otherwise. `None`: no
    /// further call begins.
    #[inline]
    pub(crate) fn gap(&self, factor: f64, random: &mut Random) -> Option<u64> {
        if factor <= 0.0 {
            return None;
        }
        match self {
            Self::Open { rate, is_fixed: true } => Some(nanos(1e9 / (rate * factor))),
            Self::Open { rate, .. } | Self::Serial { rate } => {
                Some(nanos(random.exponential() * (1e9 / (rate * factor))))
            }
            Self::Closed { think } => Some(nanos(think.draw(random) as f64 / factor)),
            Self::Burst { .. } => None,
        }
    }
}
