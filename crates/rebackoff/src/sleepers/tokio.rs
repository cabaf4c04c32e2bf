use std::time::Duration;

use tokio::time::{Instant, Sleep};

use crate::{AsyncSleeper, Clock, Timeline};

/// Waits with tokio's timer, by tokio's clock, which a test can pause.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioSleeper;

impl Clock for TokioSleeper {
    type Instant = Instant;

    #[inline]
    fn now(&self) -> Instant {
        Instant::now()
    }

    #[inline]
    fn elapsed(&self, earlier: Instant) -> Duration {
        earlier.elapsed()
    }

    #[inline]
    fn timeline(&self) -> Timeline {
        Timeline::Tokio
    }
}

impl AsyncSleeper for TokioSleeper {
    type Sleep = Sleep;

    #[inline]
    fn sleep(&self, wait: Duration) -> Sleep {
        tokio::time::sleep(wait)
    }
}
