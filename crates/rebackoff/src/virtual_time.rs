//! The time of virtual clocks, which can be read anywhere by the clock's id.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// The time of one [`VirtualClock`](crate::testing::VirtualClock), which its clones share.
#[derive(Debug)]
pub(crate) struct VirtualTime {
    id: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    now: Duration,
    waits: Vec<Duration>,
}

/// The clocks that are alive, by id.
static CLOCKS: Mutex<(u64, BTreeMap<u64, Weak<VirtualTime>>)> = Mutex::new((0, BTreeMap::new()));

/// The id of a [`VirtualClock`](crate::testing::VirtualClock), by which its time can be read anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockId(u64);

impl ClockId {
    /// The present moment; the beginning of time for a clock that is gone.
    pub(crate) fn now(self) -> Duration {
        let time = lock(&CLOCKS).1.get(&self.0).and_then(Weak::upgrade);
        time.map_or(Duration::ZERO, |time| time.now())
    }
}

impl VirtualTime {
    pub(crate) fn new() -> Arc<Self> {
        let clocks = &mut *lock(&CLOCKS);
        clocks.0 += 1;
        let time = Arc::new(Self { id: clocks.0, state: Mutex::default() });
        clocks.1.insert(clocks.0, Arc::downgrade(&time));
        time
    }

    pub(crate) const fn id(&self) -> ClockId {
        ClockId(self.id)
    }

    pub(crate) fn now(&self) -> Duration {
        lock(&self.state).now
    }

    pub(crate) fn advance(&self, by: Duration) {
        let mut state = lock(&self.state);
        state.now = state.now.saturating_add(by);
    }

    pub(crate) fn waits(&self) -> Vec<Duration> {
        lock(&self.state).waits.clone()
    }

    /// Records a wait, and moves on to its `end`, if the time is not later already.
    pub(crate) fn finish(&self, wait: Duration, end: Duration) {
        let mut state = lock(&self.state);
        state.waits.push(wait);
        state.now = state.now.max(end);
    }
}

impl Drop for VirtualTime {
    fn drop(&mut self) {
        lock(&CLOCKS).1.remove(&self.id);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
