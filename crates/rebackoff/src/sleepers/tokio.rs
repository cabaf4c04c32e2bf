use std::time::Duration;

use tokio::time::Sleep;

use crate::timeline::Timeline;
use crate::{AsyncSleeper, Clock};

/// Waits with tokio's timer, by tokio's clock, which a test can pause.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioSleeper;

impl Clock for TokioSleeper {
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
