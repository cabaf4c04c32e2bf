//! Budgets in their plainest form: lists of what happened when, for one thread and a clock that
//! does not go back. Times are nanoseconds.

use rebackoff_core::Cost;

#[derive(Debug)]
pub(crate) enum Model {
    PerSecond { interval: u64, capacity: u64, kept: u64, since: u64 },
    Share { ratio: (u64, u64), reserve: u64, slice: u64, calls: Vec<u64>, retries: Vec<u64> },
    Quota { capacity: u64, left: u64, prices: (u64, u64) },
    Throttle { most: u64, gain: u64, left: u64 },
}

#[allow(dead_code, reason = "each test file uses a part")]
impl Model {
    pub(crate) fn start(&mut self, now: u64) {
        if let Self::Share { calls, .. } = self {
            calls.push(now);
        }
    }

    pub(crate) fn failure(&mut self) {
        if let Self::Throttle { left, .. } = self {
            *left = left.saturating_sub(1000);
        }
    }

    pub(crate) fn success(&mut self, last: Option<u64>) {
        match self {
            Self::Quota { capacity, left, .. } => {
                *left = (*capacity).min(*left + last.unwrap_or(1));
            }
            Self::Throttle { most, gain, left } => *left = (*most).min(*left + *gain),
            _ => {}
        }
    }

    /// The tokens that were taken, if the retry is allowed.
    pub(crate) fn withdraw(&mut self, cost: Cost, now: u64) -> Option<u64> {
        match self {
            Self::PerSecond { interval, capacity, kept, since } => {
                // Kept tokens are counted in nanoseconds, too: a token is an interval of them.
                *kept = (*kept + (now - *since)).min(*capacity * *interval);
                *since = now;
                *kept = kept.checked_sub(*interval)?;
                Some(1)
            }
            Self::Share { ratio, reserve, slice, calls, retries } => {
                let first = (now / *slice).saturating_sub(9) * *slice;
                let recent = |times: &[u64]| times.iter().filter(|time| **time >= first).count();
                let allowed = ratio.0 * recent(calls) as u64 + *reserve * ratio.1;
                if (recent(retries) as u64 + 1) * ratio.1 > allowed {
                    return None;
                }
                retries.push(now);
                Some(now)
            }
            Self::Quota { left, prices, .. } => {
                let price = match cost {
                    Cost::Timeout => prices.1,
                    _ => prices.0,
                };
                *left = left.checked_sub(price)?;
                Some(price)
            }
            Self::Throttle { most, left, .. } => (*left > *most / 2).then_some(0),
        }
    }

    /// The tokens left of a bucket that is filled by time or by successes.
    #[allow(clippy::cast_precision_loss, reason = "small numbers")]
    pub(crate) fn tokens(&self, now: u64) -> f64 {
        match self {
            Self::PerSecond { interval, capacity, kept, since } => {
                let kept = (*kept + (now - *since)).min(*capacity * *interval);
                kept as f64 / *interval as f64
            }
            Self::Quota { left, .. } => *left as f64,
            Self::Share { .. } | Self::Throttle { .. } => f64::NAN,
        }
    }

    /// The retry that took so much (when it was, of a share) is not made.
    pub(crate) fn refund(&mut self, taken: u64, now: u64) {
        match self {
            Self::PerSecond { interval, capacity, kept, since } => {
                let most = *capacity * *interval;
                *kept = (*kept + (now - *since)).min(most);
                *since = now;
                *kept = (*kept + *interval).min(most);
            }
            Self::Share { retries, .. } => {
                let place = retries.iter().position(|time| *time == taken);
                place.map(|place| retries.remove(place));
            }
            Self::Quota { capacity, left, .. } => *left = (*capacity).min(*left + taken),
            Self::Throttle { .. } => {}
        }
    }
}
