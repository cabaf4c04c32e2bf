use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use crate::{AsyncSleeper, Clock, Sleeper, Timeline};

/// A clock that only sleeping advances: a sleeper for blocking and async calls, without real time.
///
/// Clones share their time. Give one to a call with `.sleeper(clock.clone())`.
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
#[derive(Clone, Debug, Default)]
pub struct VirtualClock {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    now: Duration,
    waits: Vec<Duration>,
}

impl VirtualClock {
    /// A clock at zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Advances the clock, as time that a target takes does.
    pub fn advance(&self, by: Duration) {
        let mut state = self.lock();
        state.now = state.now.saturating_add(by);
    }

    /// The waits above zero that were slept to their end on this clock, in that order; among them
    /// the timeouts of tries that were too long.
    pub fn waits(&self) -> Vec<Duration> {
        self.lock().waits.clone()
    }

    /// The moment is `end`, if not later already, and a wait is past.
    fn finish(&self, wait: Duration, end: Duration) {
        let mut state = self.lock();
        state.waits.push(wait);
        state.now = state.now.max(end);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for VirtualClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.lock().now
    }

    fn elapsed(&self, earlier: Duration) -> Duration {
        self.now().saturating_sub(earlier)
    }

    fn timeline(&self) -> Timeline {
        Timeline::Virtual(self.clone())
    }
}

impl Sleeper for VirtualClock {
    fn sleep(&self, wait: Duration) {
        self.finish(wait, self.now().saturating_add(wait));
    }
}

impl AsyncSleeper for VirtualClock {
    type Sleep = VirtualSleep;

    fn sleep(&self, wait: Duration) -> VirtualSleep {
        let end = self.now().saturating_add(wait);
        VirtualSleep { clock: self.clone(), wait, end, yielded: false }
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
            self.clock.finish(self.wait, self.end);
            return Poll::Ready(());
        }
        self.yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
