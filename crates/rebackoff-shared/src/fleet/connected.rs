use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use arc_swap::ArcSwap;
use redis::Client;

use super::clock::FleetClock;
use super::guards::Guard;
use super::link::{Event, Link, Status};
use super::{FleetError, connection, hub, listener};

/// A connection to the fleet that shares guards through one Redis or Valkey.
///
/// It has two threads: one sends requests, one receives what the store publishes. A process that ends should
/// call [`finish`](Self::finish), so that unused tokens go back. A fleet without its store is degraded: each
/// member goes on with its own guards, and comes back by itself.
#[derive(Clone)]
pub struct Fleet(Arc<Inner>);

struct Inner {
    client: Client,
    clock: FleetClock,
    first_wait: Duration,
    guards: ArcSwap<Vec<Guard>>,
    link: ArcSwap<Link>,
    status: Arc<Status>,
}

impl Fleet {
    /// Connects to `url` in the background. `reading` is what the clock of the calls reads now; the first
    /// call of each breaker waits up to `first_wait` for the fleet's state.
    ///
    /// # Errors
    ///
    /// The URL is not one of Redis, or the system starts no thread.
    pub fn connect(url: &str, reading: Duration, first_wait: Duration) -> Result<Self, FleetError> {
        let client = connection::client(url)?;
        let (clock, status) = (FleetClock::new(reading), Arc::new(Status::default()));
        let link = start(&client, clock, &status)?;
        let (guards, link) = (ArcSwap::default(), ArcSwap::from(link));
        Ok(Self(Arc::new(Inner { client, clock, first_wait, guards, link, status })))
    }

    // Getters

    /// Returns whether members go on without the store: the metric `rebackoff.shared.degraded`.
    pub fn is_degraded(&self) -> bool {
        self.0.status.is_degraded.load(Relaxed)
    }

    /// The number of requests that were sent to the store.
    pub fn requests(&self) -> u64 {
        self.0.status.requests.load(Relaxed)
    }

    pub(super) fn first_wait(&self) -> Duration {
        self.0.first_wait
    }

    pub(super) fn now(&self) -> Duration {
        self.0.clock.now()
    }

    // Handlers

    /// Has the thread look at the guards.
    pub(super) fn wake(&self) {
        self.0.link.load().wake();
    }

    /// Gives unused tokens back and ends the threads. The guards go on by themselves.
    pub fn finish(&self) {
        self.0.link.load().finish();
    }

    /// Gives a forked process threads, connections and leases of its own. Call this in the child, before its
    /// first call.
    ///
    /// # Errors
    ///
    /// The system starts no thread.
    pub fn handle_fork(&self) -> Result<(), FleetError> {
        let inner = &*self.0;
        let parents = inner.link.swap(start(&inner.client, inner.clock, &inner.status)?);
        // The parent's threads are not in this process: nothing may be done with their handles.
        std::mem::forget(parents);
        for guard in &**inner.guards.load() {
            if let Guard::Budget(budget) = guard {
                if let Some(lease) = budget.upgrade().as_ref().and_then(|budget| budget.lease()) {
                    lease.take_tokens(inner.clock.now().into());
                    lease.set_alone(true);
                }
            }
            inner.link.load().send(Event::Join(guard.clone()));
        }
        Ok(())
    }

    /// Adds a guard to those of the threads.
    pub(super) fn join(&self, guard: Guard) {
        self.0.guards.rcu(|guards| {
            let mut guards: Vec<Guard> =
                guards.iter().filter(|one| one.is_used()).cloned().collect();
            guards.push(guard.clone());
            guards
        });
        self.0.link.load().send(Event::Join(guard));
    }
}

/// Starts the threads.
fn start(
    client: &Client,
    clock: FleetClock,
    status: &Arc<Status>,
) -> Result<Arc<Link>, FleetError> {
    let (events, received): (_, Receiver<Event>) = channel();
    let link = Arc::new(Link::new(events));
    let thread = hub::start(client.clone(), clock, status.clone(), link.clone(), received);
    let listening = listener::start(client.clone(), status.clone(), link.clone());
    match (thread, listening) {
        (Ok(thread), Ok(_)) => {
            link.handle_started(thread);
            Ok(link)
        }
        (Err(error), _) | (_, Err(error)) => {
            link.finish();
            Err(FleetError::new("threads", "a fleet must be able to start two threads", error))
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.link.load().finish();
    }
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet").field("is_degraded", &self.is_degraded()).finish_non_exhaustive()
    }
}
