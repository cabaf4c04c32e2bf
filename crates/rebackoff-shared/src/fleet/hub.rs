//! The thread that sends requests: it asks each member's machine, sends, and hands back the answers.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use arc_swap::ArcSwap;
use redis::{Client, Connection, RedisError};

use super::clock::FleetClock;
use super::connection::{PATIENCE, connect, reason};
use super::guards::Guard;
use super::link::{Event, Link};
use super::pause::Pause;
use super::seat::{Seat, Sender};
use super::status::Status;
use super::store::{Store, is_of_guard};

/// The longest time between two looks at the guards.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

struct Hub {
    client: Client,
    clock: FleetClock,
    guards: Arc<ArcSwap<Vec<Guard>>>,
    status: Arc<Status>,
    link: Arc<Link>,
    /// The guards as they were when seats were given.
    seated: Arc<Vec<Guard>>,
    seats: Vec<Seat>,
    store: Store,
    connection: Option<Connection>,
    pause: Pause,
    random: fastrand::Rng,
}

pub(super) fn start(
    client: Client,
    clock: FleetClock,
    guards: Arc<ArcSwap<Vec<Guard>>>,
    status: Arc<Status>,
    link: Arc<Link>,
    events: Receiver<Event>,
    over: impl FnOnce(&str) + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    let mut random = fastrand::Rng::with_seed(seed());
    let hub = Hub {
        client,
        clock,
        guards,
        status,
        link,
        seated: Arc::default(),
        seats: Vec::new(),
        store: Store::new(random.u64(..)),
        connection: None,
        pause: Pause::new(),
        random,
    };
    Builder::new().name("rebackoff-fleet".into()).spawn(move || {
        // A panic takes the hub with it: nothing sees what it left half-done.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| hub.run(&events))) {
            over(panic_message(&*panic));
        }
    })
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or_default()
}

/// A seed that a forked process does not share with its parent.
pub(super) fn seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one((std::process::id(), std::time::Instant::now()))
}

impl Hub {
    fn run(mut self, events: &Receiver<Event>) {
        'run: loop {
            self.seat();
            self.connect();
            self.poll();
            let wait = self.next_poll().saturating_sub(self.clock.now());
            let mut received = events.recv_timeout(wait);
            loop {
                match received {
                    Ok(Event::Finish) | Err(RecvTimeoutError::Disconnected) => break 'run,
                    Ok(event) => self.handle(event),
                    Err(RecvTimeoutError::Timeout) => break,
                }
                received = events.recv_timeout(Duration::ZERO);
            }
        }
        let now = self.clock.now();
        for seat in &mut self.seats {
            let sender = self.connection.as_mut().map(|connection| Sender {
                connection,
                store: &self.store,
                status: &self.status,
                clock: self.clock,
                random: &mut self.random,
            });
            seat.finish(sender, now);
        }
    }

    /// Gives a seat to each new guard, and takes those of guards that are used no more.
    fn seat(&mut self) {
        self.seats.retain(Seat::is_used);
        let guards = self.guards.load_full();
        if Arc::ptr_eq(&guards, &self.seated) {
            return;
        }
        for guard in &*guards {
            if !self.seats.iter().any(|seat| seat.is_of(guard)) {
                self.seats.extend(Seat::new(guard));
            }
        }
        self.seated = guards;
        self.status.set_channels(self.seats.iter().filter_map(Seat::channel).collect());
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Message(key, state) => {
                let now = self.clock.now();
                self.seats.iter_mut().for_each(|seat| seat.handle_message(&key, &state, now));
            }
            Event::Wake => self.link.handle_woken(),
            Event::Finish => {}
            #[cfg(test)]
            Event::Panic => panic!("as a test says"),
        }
    }

    fn connect(&mut self) {
        let is_due = self.connection.is_none() && self.clock.now() >= self.pause.end();
        if self.seats.is_empty() || !is_due {
            return;
        }
        match connect(&self.client, PATIENCE) {
            Ok(connection) => {
                self.connection = Some(connection);
                self.status.handle_connected();
            }
            Err(error) => self.handle_disconnected(&error),
        }
    }

    /// Sends what the members have to send. A guard whose request is refused goes on alone; without a
    /// connection, all do.
    fn poll(&mut self) {
        let mut lost = None;
        for seat in &mut self.seats {
            let now = self.clock.now();
            let connection = self.connection.as_mut().filter(|_| !seat.is_paused(now));
            let Some(connection) = connection else {
                seat.poll_alone(now);
                continue;
            };
            let sent = seat.send(&mut Sender {
                connection,
                store: &self.store,
                status: &self.status,
                clock: self.clock,
                random: &mut self.random,
            });
            match sent {
                Ok(true) => self.pause.handle_answer(),
                Ok(false) => {}
                Err(error) if is_of_guard(&error) => {
                    seat.handle_refused(now, self.random.f64());
                    self.status.handle_degraded(&error.to_string());
                }
                Err(error) => {
                    lost = Some(error);
                    break;
                }
            }
        }
        if let Some(error) = lost {
            self.handle_disconnected(&error);
        } else if !self.seats.iter().any(Seat::is_alone) {
            self.status.handle_recovered();
        }
    }

    fn handle_disconnected(&mut self, error: &RedisError) {
        let now = self.clock.now();
        self.connection = None;
        self.pause.handle_failure(now, self.random.f64());
        self.seats.iter_mut().for_each(|seat| seat.handle_disconnected(now));
        self.status.handle_degraded(&reason(error, PATIENCE));
    }

    fn next_poll(&self) -> Duration {
        let now = self.clock.now();
        let polls = self.seats.iter().filter_map(|seat| seat.next_poll(now));
        let first = polls.min().unwrap_or(now + LONGEST_WAIT);
        if self.connection.is_some() { first } else { self.pause.end().min(now + LONGEST_WAIT) }
    }
}
