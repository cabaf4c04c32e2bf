use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use gloo_timers::future::TimeoutFuture;

use crate::{AsyncSleeper, Clock};

/// The longest time of `setTimeout`, which fires at once after a longer one.
const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);

/// Waits with `setTimeout`, by the clock of `performance.now()`: in a page, a worker, Node.js, Deno or Bun.
#[derive(Clone, Copy, Debug, Default)]
pub struct BrowserSleeper;

impl Clock for BrowserSleeper {}

impl AsyncSleeper for BrowserSleeper {
    type Sleep = BrowserSleep;

    fn sleep(&self, wait: Duration) -> BrowserSleep {
        BrowserSleep::new(wait)
    }
}

/// One wait of a [`BrowserSleeper`]. Dropping it clears its timer.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct BrowserSleep {
    timer: TimeoutFuture,
    /// The time after the timer's.
    rest: Duration,
}

impl BrowserSleep {
    fn new(wait: Duration) -> Self {
        let part = wait.min(LONGEST);
        // A timer counts whole milliseconds, and must not fire early.
        let millis = part.as_nanos().div_ceil(1_000_000);
        let millis = u32::try_from(millis).unwrap_or(i32::MAX.unsigned_abs());
        Self { timer: TimeoutFuture::new(millis), rest: wait.saturating_sub(part) }
    }
}

impl Future for BrowserSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(Pin::new(&mut self.timer).poll(context));
            if self.rest.is_zero() {
                return Poll::Ready(());
            }
            *self = Self::new(self.rest);
        }
    }
}
