//! The rules by which a closed breaker opens.

use super::state::CallCounts;
use super::window::Span;
use crate::Seconds;

/// The condition on which a closed breaker opens.
#[derive(Clone, Copy, Debug)]
pub(super) enum Trip {
    Consecutive(u32),
    Rates(Rates),
}

/// The rates; one without a limit is infinite.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    pub(super) failure_rate: f64,
    pub(super) slow_rate: f64,
    pub(super) longer_than: Option<Seconds>,
    pub(super) span: Span,
    pub(super) min_calls: u32,
}

impl Rates {
    #[allow(clippy::cast_precision_loss, reason = "counts of less than 2⁵²")]
    pub(super) fn are_reached(&self, counts: CallCounts) -> bool {
        // A quotient is rounded as a fraction in a program is; a product is not.
        let share = |count: u64| count as f64 / counts.calls as f64;
        counts.calls >= u64::from(self.min_calls)
            && (share(counts.failures) >= self.failure_rate || share(counts.slow) >= self.slow_rate)
    }
}
