use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use crate::timeline::Timeline;
use crate::{AsyncSleeper, Clock, Sleeper};

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
#[derive(Clone, Debug)]
pub struct VirtualClock {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    id: u64,
    state: Mutex<State>,
}

/// The clocks that are alive, by id.
static CLOCKS: Mutex<(u64, BTreeMap<u64, Weak<Shared>>)> = Mutex::new((0, BTreeMap::new()));

/// The id of a [`VirtualClock`], by which its time can be read anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockId(u64);

impl ClockId {
    /// The present moment; the beginning of time for a clock that is gone.
    pub(crate) fn now(self) -> Duration {
        let shared = lock(&CLOCKS).1.get(&self.0).and_then(Weak::upgrade);
        shared.map_or(Duration::ZERO, |shared| lock(&shared.state).now)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        lock(&CLOCKS).1.remove(&self.id);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for VirtualClock {
    fn default() -> Self {
        let clocks = &mut *lock(&CLOCKS);
        clocks.0 += 1;
        let shared = Arc::new(Shared { id: clocks.0, state: Mutex::default() });
        clocks.1.insert(clocks.0, Arc::downgrade(&shared));
        Self { shared }
    }
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
        lock(&self.shared.state)
    }
}

impl Clock for VirtualClock {
    fn timeline(&self) -> Timeline {
        Timeline::Virtual(ClockId(self.shared.id))
    }
}

impl Sleeper for VirtualClock {
    fn sleep(&self, wait: Duration) {
        let end = self.lock().now.saturating_add(wait);
        self.finish(wait, end);
    }
}

impl AsyncSleeper for VirtualClock {
    type Sleep = VirtualSleep;

    fn sleep(&self, wait: Duration) -> VirtualSleep {
        let end = self.lock().now.saturating_add(wait);
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
