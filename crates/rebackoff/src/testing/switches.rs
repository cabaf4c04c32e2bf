use std::cell::Cell;
use std::marker::PhantomData;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::thread::LocalKey;
use std::time::Duration;

use rebackoff_core::{Limits, Seconds};

/// Switches retries off: the first outcome comes back, with the reason `max_tries` if it failed.
///
/// It holds for calls on this thread until the guard is dropped; [`Switch::everywhere`] makes it
/// hold on all threads.
pub fn disable() -> Switch {
    Switch::throw(&RETRIES)
}

/// Switches waits off: retries follow at once. Events report the skipped waits, and limits count them as
/// elapsed. Budgets and breakers count them as well: a breaker that would be half-open after the wait is
/// half-open. The skipped waits of successive calls add up; of concurrent calls the longest counts.
/// [`now`](crate::now) and [`Timeline::now`](crate::sleepers::Timeline::now) go ahead with them, on this thread, and
/// stay ahead when the guard is dropped; a [`VirtualClock`](super::VirtualClock) does not.
///
/// It holds for calls on this thread until the guard is dropped; [`Switch::everywhere`] makes it
/// hold on all threads.
pub fn no_wait() -> Switch {
    Switch::throw(&WAITS)
}

/// Keeps retries or waits switched off until it is dropped; made by [`disable`] and [`no_wait`].
#[derive(Debug)]
#[must_use = "the switch is thrown back when this is dropped"]
pub struct Switch {
    circuit: &'static Circuit,
    on_all_threads: bool,
    _of_this_thread: PhantomData<*const ()>,
}

impl Switch {
    /// Makes it hold on all threads: for a runtime with many of them, in a test that has its
    /// process to itself.
    pub fn everywhere(mut self) -> Self {
        if !self.on_all_threads {
            self.circuit.all_threads.fetch_add(1, Relaxed);
            self.on_all_threads = true;
        }
        self
    }

    fn throw(circuit: &'static Circuit) -> Self {
        circuit.this_thread.set(circuit.this_thread.get() + 1);
        Self { circuit, on_all_threads: false, _of_this_thread: PhantomData }
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        self.circuit.this_thread.set(self.circuit.this_thread.get().saturating_sub(1));
        if self.on_all_threads {
            self.circuit.all_threads.fetch_sub(1, Relaxed);
        }
    }
}

/// Switches are counted, so that they can be nested.
#[derive(Debug)]
struct Circuit {
    this_thread: &'static LocalKey<Cell<u32>>,
    all_threads: AtomicU32,
}

thread_local! {
    static RETRIES_HERE: Cell<u32> = const { Cell::new(0) };
    static WAITS_HERE: Cell<u32> = const { Cell::new(0) };
}
static RETRIES: Circuit = Circuit { this_thread: &RETRIES_HERE, all_threads: AtomicU32::new(0) };
static WAITS: Circuit = Circuit { this_thread: &WAITS_HERE, all_threads: AtomicU32::new(0) };

impl Circuit {
    fn is_off(&self) -> bool {
        let here = || self.this_thread.try_with(Cell::get).unwrap_or_default();
        self.all_threads.load(Relaxed) > 0 || here() > 0
    }
}

pub(crate) fn allowed(limits: &Limits) -> Limits {
    if RETRIES.is_off() { Limits { max_tries: Some(NonZeroU64::MIN), ..*limits } } else { *limits }
}

pub(crate) fn skips_waits() -> bool {
    WAITS.is_off()
}

thread_local! {
    static SKIPPED_HERE: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}
/// Nanoseconds, for the tests whose switch holds on all threads.
static SKIPPED: AtomicU64 = AtomicU64::new(0);

/// The time by which guards are ahead of the clock, because waits were skipped.
pub(crate) fn skipped() -> Duration {
    let here = SKIPPED_HERE.try_with(Cell::get).unwrap_or_default();
    here.max(Duration::from_nanos(SKIPPED.load(Relaxed)))
}

/// Sets guards at least so far ahead.
pub(crate) fn skip_to(skipped: Duration) {
    if WAITS.all_threads.load(Relaxed) > 0 {
        SKIPPED.fetch_max(Seconds::from_duration(skipped).to_nanos(), Relaxed);
    }
    // A thread that is about to end has no thread-local left, and needs none.
    let _ = SKIPPED_HERE.try_with(|here| here.set(here.get().max(skipped)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn holds_on_its_thread_until_the_last_guard_is_dropped() {
        let outer = no_wait();
        drop(no_wait());
        assert!(skips_waits());
        thread::spawn(|| assert!(!skips_waits())).join().unwrap();
        drop(outer);
        assert!(!skips_waits());
    }

    #[test]
    fn holds_on_all_threads_when_asked_to() {
        let everywhere = disable().everywhere();
        thread::spawn(|| assert!(RETRIES.is_off())).join().unwrap();
        drop(everywhere);
        assert!(!RETRIES.is_off());
    }
}
