use std::thread;
use std::time::{Duration, Instant};

use crate::{Clock, Sleeper};

/// Waits with [`thread::sleep`], by the clock of [`Instant`]: the sleeper of blocking calls.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThreadSleeper;

impl Clock for ThreadSleeper {
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

impl Sleeper for ThreadSleeper {
    #[inline]
    fn sleep(&self, wait: Duration) {
        thread::sleep(wait);
    }
}
