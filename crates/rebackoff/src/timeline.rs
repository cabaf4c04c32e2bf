//! The clocks that calls, deadlines, budgets and breakers share.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rebackoff_core::Seconds;

/// A monotonic clock that can be read anywhere: by a call, by the calls inside it, by a guard.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub enum Timeline {
    /// The system's monotonic clock. On wasm32-unknown-unknown it is the page's with the feature `browser`, and
    /// stands still without it.
    #[default]
    System,
    /// tokio's clock, which a test can pause.
    #[cfg(feature = "tokio")]
    Tokio,
    /// A clock of the caller's own: the time since a fixed moment, which never goes back.
    Function(fn() -> Duration),
    /// A [`VirtualClock`](crate::testing::VirtualClock).
    #[cfg(feature = "testing")]
    Virtual(crate::virtual_time::ClockId),
}

impl Timeline {
    /// The present moment, as time since a fixed origin of this process, or of the clock where it
    /// has one of its own. Waits that `testing::no_wait` skipped count as past.
    #[inline]
    pub fn now(self) -> Duration {
        let now = match self.read() {
            Reading::Instant(instant) => since_origin(instant),
            Reading::Since(nanos) => Duration::from_nanos(nanos),
        };
        #[cfg(feature = "testing")]
        if !matches!(self, Self::Virtual(_)) {
            return now.saturating_add(crate::testing::skipped());
        }
        now
    }

    /// Reads the clock, without waits that were skipped: a call counts its own.
    #[inline]
    pub(crate) fn read(self) -> Reading {
        match self {
            Self::System => of_system(Instant::now),
            #[cfg(feature = "tokio")]
            Self::Tokio => of_system(|| tokio::time::Instant::now().into_std()),
            Self::Function(clock) => Reading::at(clock()),
            #[cfg(feature = "testing")]
            Self::Virtual(clock) => Reading::at(clock.now()),
        }
    }

    #[inline]
    pub(crate) const fn is_same(self, other: Self) -> bool {
        match (self, other) {
            (Self::System, Self::System) => true,
            #[cfg(feature = "tokio")]
            (Self::Tokio, Self::Tokio) => true,
            _ => false,
        }
    }
}

/// Reads the system's clock with `read`, but on wasm32-unknown-unknown, where `Instant::now` panics.
#[inline]
fn of_system(read: impl FnOnce() -> Instant) -> Reading {
    if cfg!(all(target_family = "wasm", target_os = "unknown")) {
        Reading::at(of_page())
    } else {
        Reading::Instant(read())
    }
}

/// The time by the clock of the page, since it was first read.
#[cfg(all(feature = "browser", target_family = "wasm", target_os = "unknown"))]
fn of_page() -> Duration {
    static ORIGIN: OnceLock<web_time::Instant> = OnceLock::new();
    ORIGIN.get_or_init(web_time::Instant::now).elapsed()
}

#[cfg(not(all(feature = "browser", target_family = "wasm", target_os = "unknown")))]
fn of_page() -> Duration {
    Duration::ZERO
}

/// A reading of a clock, in two words.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reading {
    Instant(Instant),
    /// Nanoseconds since the clock's origin, at most those of [`Seconds::MAX`].
    Since(u64),
}

impl Reading {
    fn at(since: Duration) -> Self {
        Self::Since(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }

    /// The time from `earlier`, a reading of the same clock, to this one; zero if the clock went back.
    #[inline]
    pub(crate) fn since(self, earlier: Self) -> Duration {
        match (self, earlier) {
            (Self::Instant(now), Self::Instant(earlier)) => now.saturating_duration_since(earlier),
            (Self::Since(now), Self::Since(earlier)) => {
                Duration::from_nanos(now.saturating_sub(earlier))
            }
            _ => Duration::ZERO,
        }
    }
}

/// A limit on time that began at a reading of a clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    pub(crate) timeline: Timeline,
    pub(crate) start: Reading,
    pub(crate) limit: Seconds,
}

impl Deadline {
    /// A deadline `limit` from now.
    #[inline]
    pub(crate) fn begin(limit: Seconds, timeline: Timeline) -> Self {
        Self { timeline, start: timeline.read(), limit }
    }

    /// The time left.
    pub(crate) fn remaining(&self) -> Seconds {
        let elapsed = self.timeline.read().since(self.start);
        self.limit.saturating_sub(Seconds::from_duration(elapsed))
    }

    /// Returns whether this deadline comes before `other`. Deadlines of one clock are compared without
    /// reading it.
    pub(crate) fn is_before(&self, other: &Self) -> bool {
        match (self.end(), other.end()) {
            (Some(own), Some(others)) if self.timeline.is_same(other.timeline) => own < others,
            _ => self.remaining() < other.remaining(),
        }
    }

    fn end(&self) -> Option<Instant> {
        match self.start {
            Reading::Instant(start) => start.checked_add(self.limit.to_duration()),
            Reading::Since(_) => None,
        }
    }
}

/// Before the first moment that is read, because a paused clock may stand behind.
const LEAD: Duration = Duration::from_secs(3600);

fn since_origin(instant: Instant) -> Duration {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    let origin = *ORIGIN.get_or_init(|| instant.checked_sub(LEAD).unwrap_or(instant));
    instant.saturating_duration_since(origin)
}
