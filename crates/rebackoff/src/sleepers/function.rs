use std::future::Future;
use std::time::{Duration, Instant};

use crate::{AsyncSleeper, Clock, Sleeper};

/// Waits with a function of the caller's; made by [`sleep_fn`].
#[derive(Clone, Copy, Debug)]
pub struct SleepFn<F>(F);

/// Waits with `sleep`, by the clock of [`Instant`]: a blocking function, or one that gives a
/// future.
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
    SleepFn(sleep)
}

impl<F> Clock for SleepFn<F> {
    type Instant = Instant;

    #[inline]
    fn now(&self) -> Instant {
        Instant::now()
    }

    #[inline]
    fn elapsed(&self, earlier: Instant) -> Duration {
        earlier.elapsed()
    }
}

impl<F: Fn(Duration)> Sleeper for SleepFn<F> {
    #[inline]
    fn sleep(&self, wait: Duration) {
        (self.0)(wait);
    }
}

impl<F: Fn(Duration) -> Fut, Fut: Future<Output = ()>> AsyncSleeper for SleepFn<F> {
    type Sleep = Fut;

    #[inline]
    fn sleep(&self, wait: Duration) -> Fut {
        (self.0)(wait)
    }
}
