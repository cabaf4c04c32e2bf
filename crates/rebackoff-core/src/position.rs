//! A place in a schedule of waits.

use crate::Seconds;

/// A place in a schedule of waits: the number of the next retry, and the raw wait before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// The number of the next retry, counted from zero: the n of the wait strategies.
    pub n: u64,
    /// The last raw wait, zero before the first. The next raw wait may follow from it.
    pub previous: Seconds,
}

/// A wait before and after jitter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NextWait {
    /// The wait of the strategy, before jitter.
    pub raw: Seconds,
    /// The wait after jitter. Hints and `max_time` may still change it.
    pub jittered: Seconds,
}

impl Position {
    /// The position before the first retry.
    pub const START: Self = Self { n: 0, previous: Seconds::ZERO };
}

impl NextWait {
    /// A wait of the caller's own, which needs no jitter.
    pub const fn exact(wait: Seconds) -> Self {
        Self { raw: wait, jittered: wait }
    }
}
