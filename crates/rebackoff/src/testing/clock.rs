use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::timeline::Timeline;
use crate::virtual_time::VirtualTime;
use crate::{AsyncSleeper, Clock, Sleeper};

/// A clock that only sleeping advances: a sleeper for blocking and async calls, without real time.
///
/// Clones share their time. Give one to a call with `.sleeper(clock.clone())`. An async wait lets other tasks run once,
/// and then it is past. So a timeout on this clock ends a try whose target is pending twice; tokio's paused clock waits
/// until all tasks are idle.
///
/// ```
/// use rebackoff::prelude::*;
/// use rebackoff::testing::VirtualClock;
///
/// static FETCH: Policy = policy!(expo, jitter = Jitter::None, max_time = secs(5));
///
/// let clock = VirtualClock::new();
/// let outcome = FETCH.retry(|| Err::<(), _>("down")).sleeper(clock.clone()).outcome();
/// assert_eq!(clock.waits(), [secs(1), secs(2), secs(2)]); // the last one is cut short
/// assert_eq!((outcome.elapsed, outcome.reason), (secs(5), Some(Reason::MaxTime)));
/// ```
#[derive(Clone, Debug)]
pub struct VirtualClock {
    time: Arc<VirtualTime>,
}

impl Default for VirtualClock {
    fn default() -> Self {
        Self { time: VirtualTime::new() }
    }
}

impl VirtualClock {
    /// A clock at zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Advances the clock, as time that a target takes does.
    pub fn advance(&self, by: Duration) {
        self.time.advance(by);
    }

    /// The waits above zero that were slept to their end on this clock, in that order; among them
    /// the timeouts of tries that were too long.
    pub fn waits(&self) -> Vec<Duration> {
        self.time.waits()
    }

    fn end_of(&self, wait: Duration) -> Duration {
        self.time.now().saturating_add(wait)
    }
}

impl Clock for VirtualClock {
    fn timeline(&self) -> Timeline {
        Timeline::Virtual(self.time.id())
    }
}

impl Sleeper for VirtualClock {
    fn sleep(&self, wait: Duration) {
        self.time.finish(wait, self.end_of(wait));
    }
}

impl AsyncSleeper for VirtualClock {
    type Sleep = VirtualSleep;

    fn sleep(&self, wait: Duration) -> VirtualSleep {
        VirtualSleep { clock: self.clone(), wait, end: self.end_of(wait), yielded: false }
    }
}

/// One async wait on a [`VirtualClock`]: lets other tasks run once, then it is past.
#[derive(Debug)]
pub struct VirtualSleep {
    clock: VirtualClock,
    wait: Duration,
    end: Duration,
    yielded: bool,
}

impl Future for VirtualSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.yielded {
            self.clock.time.finish(self.wait, self.end);
            return Poll::Ready(());
        }
        self.yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
