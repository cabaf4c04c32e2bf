use std::future::Future;
use std::time::Duration;

use crate::timeline::Timeline;
use crate::{AsyncSleeper, Clock, Sleeper};

/// Waits with a function of the caller's; made by [`sleep_fn`].
#[derive(Clone, Copy, Debug)]
pub struct SleepFn<F> {
    sleep: F,
    timeline: Timeline,
}

/// Waits with `sleep`, a blocking function or one that returns a future. The clock is the system's,
/// unless [`clock`](SleepFn::clock) sets another.
///
/// ```
/// use std::time::Duration;
/// use rebackoff::prelude::*;
/// use rebackoff::sleep_fn;
///
/// static FETCH: Policy = policy!(expo, max_tries = 3);
///
/// let result = FETCH
///     .retry(|| "7".parse::<u8>())
///     .sleeper(sleep_fn(|wait: Duration| std::thread::park_timeout(wait)))
///     .call();
/// assert_eq!(result, Ok(7));
/// ```
pub const fn sleep_fn<F, R>(sleep: F) -> SleepFn<F>
where
    F: Fn(Duration) -> R,
{
    SleepFn { sleep, timeline: Timeline::System }
}

impl<F> SleepFn<F> {
    /// Reads this clock, in place of the system's.
    #[must_use]
    pub fn clock(self, timeline: Timeline) -> Self {
        Self { timeline, ..self }
    }
}

impl<F> Clock for SleepFn<F> {
    #[inline]
    fn timeline(&self) -> Timeline {
        self.timeline
    }
}

impl<F: Fn(Duration)> Sleeper for SleepFn<F> {
    #[inline]
    fn sleep(&self, wait: Duration) {
        (self.sleep)(wait);
    }
}

impl<F: Fn(Duration) -> Fut, Fut: Future<Output = ()>> AsyncSleeper for SleepFn<F> {
    type Sleep = Fut;

    #[inline]
    fn sleep(&self, wait: Duration) -> Fut {
        (self.sleep)(wait)
    }
}
