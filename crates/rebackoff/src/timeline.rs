//! One count of time for all that outlives a call: deadlines that are inherited, budgets, breakers.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Which clock a moment was read from, so that it can be read again.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Timeline {
    /// The system's monotonic clock.
    #[default]
    System,
    /// tokio's clock, which a test can pause.
    #[cfg(feature = "tokio")]
    Tokio,
    /// A clock that only sleeping advances.
    #[cfg(feature = "testing")]
    Virtual(crate::testing::VirtualClock),
}

impl Timeline {
    /// The present moment, as time since a fixed origin of this process (of the clock, where it is
    /// virtual). Waits that `testing::no_wait` skipped count as past.
    #[inline]
    pub fn now(&self) -> Duration {
        let now = self.measured();
        #[cfg(feature = "testing")]
        if !matches!(self, Self::Virtual(_)) {
            return now.saturating_add(crate::testing::skipped());
        }
        now
    }

    /// The same without waits that were skipped: a call counts its own.
    #[inline]
    pub(crate) fn measured(&self) -> Duration {
        match self {
            Self::System => since_origin(Instant::now()),
            #[cfg(feature = "tokio")]
            Self::Tokio => since_origin(tokio::time::Instant::now().into_std()),
            #[cfg(feature = "testing")]
            Self::Virtual(clock) => crate::Clock::now(clock),
        }
    }
}

/// The present moment of [`Timeline::System`], as the methods of budgets and breakers take it.
///
/// ```
/// use rebackoff::prelude::*;
/// use rebackoff::BreakerState;
///
/// static SHOP: Breaker = breaker!(consecutive = 5);
///
/// SHOP.force_open(rebackoff::now);
/// assert_eq!(SHOP.state(rebackoff::now), BreakerState::Open);
/// ```
#[inline]
pub fn now() -> Duration {
    Timeline::System.now()
}

/// Before the first moment that is asked for, because a paused clock may stand behind.
const LEAD: Duration = Duration::from_secs(3600);

fn since_origin(instant: Instant) -> Duration {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    let origin = *ORIGIN.get_or_init(|| instant.checked_sub(LEAD).unwrap_or(instant));
    instant.saturating_duration_since(origin)
}
