//! The clock of a fleet's guards.

use std::time::{Duration, Instant};

/// The system's monotonic clock, with the origin that the callers' clock has.
#[derive(Clone, Copy, Debug)]
pub(super) struct FleetClock {
    /// The callers' reading at `read_at`.
    reading: Duration,
    read_at: Instant,
}

impl FleetClock {
    pub(super) fn new(reading: Duration) -> Self {
        Self { reading, read_at: Instant::now() }
    }

    pub(super) fn now(&self) -> Duration {
        self.reading.saturating_add(self.read_at.elapsed())
    }
}
