use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::AcqRel, Ordering::Acquire, Ordering::Release};
use std::sync::mpsc::channel;
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use redis::Client;

use super::clock::FleetClock;
use super::guards::Guard;
use super::link::Link;
use super::status::Status;
use super::{FleetError, FleetReport, connection, hub, listener};

/// A connection to the fleet that shares guards through one Redis or Valkey.
///
/// The first call with one of its guards starts two threads: one sends requests, one receives what the store
/// publishes. A process that ends should call [`finish`](Self::finish), so that unused tokens go back. A fleet
/// without its store is degraded: each member goes on with its own guards, and comes back by itself.
#[derive(Clone)]
pub struct Fleet(Arc<Inner>);

struct Inner {
    client: Client,
    clock: FleetClock,
    first_wait: Duration,
    guards: Arc<ArcSwap<Vec<Guard>>>,
    stage: AtomicU8,
    link: ArcSwapOption<Link>,
    status: Arc<Status>,
}

/// The stages of the threads.
const NEW: u8 = 0;
const RUNNING: u8 = 1;
const OVER: u8 = 2;

impl Fleet {
    /// A fleet at `url`. `reading` is what the clock of the calls reads now; the first call of each breaker
    /// waits up to `first_wait` for the fleet's state.
    ///
    /// # Errors
    ///
    /// The URL is not one of Redis.
    pub fn connect(url: &str, reading: Duration, first_wait: Duration) -> Result<Self, FleetError> {
        Ok(Self(Arc::new(Inner {
            client: connection::client(url)?,
            clock: FleetClock::new(reading),
            first_wait,
            guards: Arc::default(),
            stage: AtomicU8::new(NEW),
            link: ArcSwapOption::empty(),
            status: Arc::default(),
        })))
    }

    // Getters

    /// Returns whether guards of this process go on without the store: the metric `rebackoff.shared.degraded`.
    pub fn is_degraded(&self) -> bool {
        self.0.status.is_degraded()
    }

    /// Returns whether the fleet has changed since the last [`take_report`](Self::take_report).
    #[inline]
    pub fn has_report(&self) -> bool {
        self.0.status.has_report()
    }

    /// The number of requests that were sent to the store.
    pub fn requests(&self) -> u64 {
        self.0.status.requests()
    }

    /// The reading of the fleet's clock, which went on from that of [`connect`](Self::connect).
    pub fn now(&self) -> Duration {
        self.0.clock.now()
    }

    pub(super) fn first_wait(&self) -> Duration {
        self.0.first_wait
    }

    // Handlers

    /// Returns the last change of the fleet, once. The feature `tracing` logs changes by itself.
    pub fn take_report(&self) -> Option<FleetReport> {
        self.0.status.take_report()
    }

    /// Starts the threads where this process has not yet done so. Returns whether they run.
    #[inline]
    pub(super) fn begin(&self) -> bool {
        match self.0.stage.load(Acquire) {
            NEW => self.start(),
            stage => stage == RUNNING,
        }
    }

    /// Has the thread look at the guards.
    pub(super) fn wake(&self) {
        if let Some(link) = &*self.0.link.load() {
            link.wake();
        }
    }

    /// Gives unused tokens back and ends the threads. The guards go on by themselves.
    pub fn finish(&self) {
        self.0.finish();
    }

    /// Gives a forked process threads, connections and leases of its own. Call this in the child, before its
    /// first call.
    pub fn handle_fork(&self) {
        let inner = &*self.0;
        // The parent's threads are not in this process: nothing may be done with their handles.
        std::mem::forget(inner.link.swap(None));
        for guard in &**inner.guards.load() {
            guard.handle_fork(inner.clock.now());
        }
        inner.stage.store(NEW, Release);
    }

    /// Adds a guard to those of the threads.
    pub(super) fn join(&self, guard: &Guard) {
        self.0.guards.rcu(|guards| {
            let mut guards: Vec<Guard> =
                guards.iter().filter(|one| one.is_used()).cloned().collect();
            guards.push(guard.clone());
            guards
        });
        self.wake();
    }

    #[cold]
    fn start(&self) -> bool {
        let inner = &*self.0;
        if let Err(stage) = inner.stage.compare_exchange(NEW, RUNNING, AcqRel, Acquire) {
            return stage == RUNNING;
        }
        let (events, received) = channel();
        let link = Arc::new(Link::new(events));
        let (client, status) = (&inner.client, &inner.status);
        let thread = listener::start(client.clone(), status.clone(), link.clone()).and_then(|()| {
            let (guards, link) = (inner.guards.clone(), link.clone());
            let weak = Arc::downgrade(&self.0);
            let over = move |panic: &str| {
                if let Some(inner) = weak.upgrade() {
                    inner.handle_panic(panic);
                }
            };
            hub::start(client.clone(), inner.clock, guards, status.clone(), link, received, over)
        });
        match thread {
            Ok(thread) => {
                link.handle_started(thread);
                inner.link.store(Some(link));
                true
            }
            Err(error) => {
                link.finish();
                inner.stage.store(OVER, Release);
                status.handle_degraded(&format!("the system starts no thread: {error}"));
                false
            }
        }
    }
}

impl Inner {
    /// The thread has panicked: all guards go on alone.
    fn handle_panic(&self, panic: &str) {
        self.stage.store(OVER, Release);
        if let Some(link) = &*self.link.load() {
            link.finish();
        }
        self.guards.load().iter().for_each(Guard::handle_over);
        self.status.handle_degraded(&format!("a thread of the fleet has panicked: {panic}"));
    }

    fn finish(&self) {
        self.stage.store(OVER, Release);
        if let Some(link) = self.link.swap(None) {
            link.finish();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.finish();
    }
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet").field("is_degraded", &self.is_degraded()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use rebackoff_core::{Breaker, BreakerState, Cost, Health, Seconds};

    use super::super::BudgetRule;
    use super::super::link::Event;
    use super::super::model::server::Server;
    use super::*;

    fn wait_until(condition: impl Fn() -> bool) {
        let began = std::time::Instant::now();
        while !condition() {
            assert!(began.elapsed() < Duration::from_secs(120));
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn after_a_panic_of_the_thread_guards_go_on_by_themselves_and_say_so_once() {
        let Some(server) = Server::start() else { return };
        let patience = Duration::from_secs(60);
        let fleet = Fleet::connect(&server.url(), Duration::ZERO, patience).unwrap();
        let builder = Breaker::builder().consecutive(1).open_for(Duration::from_millis(1));
        let breaker = fleet.breaker("shop", builder).unwrap();
        let budget = fleet.budget("shop", BudgetRule::per_second(1.0, 10).members(1)).unwrap();
        breaker.for_call();
        wait_until(|| !budget.for_call().lease().unwrap().is_alone());
        fleet.0.link.load().as_ref().unwrap().send(Event::Panic);
        wait_until(|| fleet.has_report());
        let report =
            FleetReport::Degraded("a thread of the fleet has panicked: as a test says".into());
        assert_eq!((fleet.take_report(), fleet.take_report()), (Some(report), None));
        assert!(breaker.is_degraded() && budget.is_degraded());

        let now = || fleet.now();
        assert!((0..20).any(|_| budget.for_call().withdraw_at(Cost::Retry, now).is_err()));
        wait_until(|| budget.for_call().withdraw_at(Cost::Retry, now).is_ok());
        for _ in 0..2 {
            for health in [Health::Failure, Health::Success] {
                wait_until(|| breaker.for_call().check_at(now).is_ok());
                let permit = breaker.for_call().admit_at(now).unwrap();
                let own = breaker.breaker();
                own.settle_at(permit, health, || Seconds::ZERO, now, &mut || 0.5);
            }
            assert_eq!(breaker.breaker().state_at(now), BreakerState::Closed);
        }
    }

    #[test]
    fn a_clock_near_its_end_stays_there() {
        let url = "redis://127.0.0.1:1";
        let fleet = Fleet::connect(url, Duration::MAX, Duration::ZERO).unwrap();
        assert_eq!(fleet.now(), Duration::MAX);
    }
}
