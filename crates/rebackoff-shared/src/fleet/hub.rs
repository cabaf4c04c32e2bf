//! The thread that sends requests: it asks each member's machine, sends, and hands back the answers.

use std::io;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Weak};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use redis::{Client, Connection, RedisResult};

use super::breaker_member::BreakerMember;
use super::budget_member::BudgetMember;
use super::clock::FleetClock;
use super::connection::connect;
use super::guards::{BreakerGuard, BudgetGuard, Guard};
use super::link::{Event, Link, Status};
use super::store::Scripts;

/// The waits between connections: from this one, doubled up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

struct Hub {
    client: Client,
    clock: FleetClock,
    status: Arc<Status>,
    link: Arc<Link>,
    scripts: Scripts,
    /// The name of this process in the store.
    member: String,
    breakers: Vec<(Weak<BreakerGuard>, BreakerMember)>,
    budgets: Vec<(Weak<BudgetGuard>, BudgetMember)>,
    connection: Option<Connection>,
    next_connect: Duration,
    wait: Duration,
    random: fastrand::Rng,
}

pub(super) fn start(
    client: Client,
    clock: FleetClock,
    status: Arc<Status>,
    link: Arc<Link>,
    events: Receiver<Event>,
) -> io::Result<JoinHandle<()>> {
    let mut random = fastrand::Rng::with_seed(seed());
    let hub = Hub {
        client,
        clock,
        status,
        link,
        scripts: Scripts::new(),
        member: format!("{:016x}", random.u64(..)),
        breakers: Vec::new(),
        budgets: Vec::new(),
        connection: None,
        next_connect: Duration::ZERO,
        wait: FIRST_WAIT,
        random,
    };
    Builder::new().name("rebackoff-fleet".into()).spawn(move || hub.run(&events))
}

/// A seed that a forked process does not share with its parent.
fn seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one((std::process::id(), std::time::Instant::now()))
}

impl Hub {
    fn run(mut self, events: &Receiver<Event>) {
        loop {
            let now = self.clock.now();
            if self.breakers.is_empty() && self.budgets.is_empty() {
                // Without a guard there is nothing to ask.
            } else if self.connection.is_none() && now >= self.next_connect {
                self.connect();
            }
            let sent = self.poll();
            if let Err(error) = sent {
                self.handle_failure(&error);
            }
            let wait = self.next_poll().saturating_sub(self.clock.now());
            match events.recv_timeout(wait) {
                Ok(Event::Finish) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(event) => self.handle(event),
                Err(RecvTimeoutError::Timeout) => {}
            }
            while let Ok(event) = events.try_recv() {
                if let Event::Finish = event {
                    self.finish();
                    return;
                }
                self.handle(event);
            }
        }
        self.finish();
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Join(Guard::Breaker(guard)) => {
                if let Some(breaker) = guard.upgrade() {
                    let mut channels = self.status.channels.load().to_vec();
                    channels.push(breaker.key.clone());
                    self.status.channels.store(Arc::new(channels));
                    self.breakers.push((guard, BreakerMember::new(&breaker.breaker)));
                }
            }
            Event::Join(Guard::Budget(guard)) => {
                if let Some(budget) = guard.upgrade() {
                    self.budgets.push((guard, BudgetMember::new(budget.rule.lease_terms())));
                }
            }
            Event::Message(key, state) => {
                let now = self.clock.now();
                for (guard, machine) in &mut self.breakers {
                    if let Some(guard) = guard.upgrade().filter(|guard| guard.key == key) {
                        machine.handle_message(&guard.breaker, &state, now);
                    }
                }
            }
            Event::Wake => self.link.handle_woken(),
            Event::Finish => {}
        }
    }

    fn connect(&mut self) {
        match connect(&self.client) {
            Ok(connection) => {
                self.connection = Some(connection);
                self.status.connections.fetch_add(1, Relaxed);
            }
            Err(error) => self.handle_failure(&error),
        }
    }

    /// Sends what the members have to send; without a connection they go on alone.
    fn poll(&mut self) -> RedisResult<()> {
        self.breakers.retain(|(guard, _)| guard.strong_count() > 0);
        self.budgets.retain(|(guard, _)| guard.strong_count() > 0);
        let Some(connection) = &mut self.connection else {
            let now = self.clock.now();
            for (guard, machine) in &mut self.breakers {
                if let Some(guard) = guard.upgrade() {
                    machine.poll_alone(&guard.breaker, now);
                }
            }
            return Ok(());
        };
        let (scripts, status) = (&self.scripts, &self.status);
        let mut answered = 0;
        for (guard, machine) in &mut self.breakers {
            let Some(guard) = guard.upgrade() else { continue };
            let now = || self.clock.now();
            while let Some(request) = machine.poll(&guard.breaker, guard.was_called(), now()) {
                status.requests.fetch_add(1, Relaxed);
                let (key, member) = (&guard.key, &self.member);
                let answer =
                    scripts.run_breaker(connection, key, member, guard.window, &request)?;
                if request.called {
                    guard.handle_reported();
                }
                machine.handle_answer(&guard.breaker, &answer, now());
                guard.handle_ready();
                answered += 1;
            }
        }
        for (guard, machine) in &mut self.budgets {
            let Some(guard) = guard.upgrade() else { continue };
            let Some(lease) = guard.lease() else { continue };
            guard.handle_look();
            while let Some(request) = machine.poll(lease, self.clock.now()) {
                status.requests.fetch_add(1, Relaxed);
                let granted = scripts.run_budget(connection, &guard.key, &guard.rule, &request)?;
                machine.handle_answer(lease, granted, self.clock.now(), self.random.f64());
                answered += 1;
            }
        }
        if answered > 0 {
            self.wait = FIRST_WAIT;
            status.is_degraded.store(false, Relaxed);
        }
        Ok(())
    }

    fn handle_failure(&mut self, error: &redis::RedisError) {
        self.connection = None;
        self.next_connect = self.clock.now() + self.wait.mul_f64(0.5 + self.random.f64() / 2.0);
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
        if !self.status.is_degraded.swap(true, Relaxed) {
            super::report::degraded(error);
        }
        for (guard, machine) in &mut self.breakers {
            machine.handle_failure();
            if let Some(guard) = guard.upgrade() {
                machine.poll_alone(&guard.breaker, self.clock.now());
            }
        }
        for (guard, machine) in &mut self.budgets {
            if let Some(lease) = guard.upgrade().as_ref().and_then(|guard| guard.lease()) {
                machine.handle_failure(lease);
            }
        }
    }

    fn next_poll(&self) -> Duration {
        let now = self.clock.now();
        let breakers = self
            .breakers
            .iter()
            .filter_map(|(guard, machine)| Some(machine.next_poll(&guard.upgrade()?.breaker, now)));
        let budgets = self.budgets.iter().map(|(_, machine)| machine.next_poll(now));
        let first = breakers.chain(budgets).min().unwrap_or(now + LONGEST_WAIT);
        if self.connection.is_some() { first } else { self.next_connect.min(now + LONGEST_WAIT) }
    }

    /// Gives back what the members have not spent.
    fn finish(mut self) {
        for (guard, machine) in &mut self.budgets {
            let Some(guard) = guard.upgrade() else { continue };
            let Some(lease) = guard.lease() else { continue };
            let request = machine.finish(lease, self.clock.now());
            if let (Some(request), Some(connection)) = (request, &mut self.connection) {
                // Without an answer they are lost, and the bounds hold.
                let _ = self.scripts.run_budget(connection, &guard.key, &guard.rule, &request);
            }
            lease.set_alone(true);
        }
        for (guard, machine) in &mut self.breakers {
            if let Some(guard) = guard.upgrade() {
                machine.poll_alone(&guard.breaker, self.clock.now());
            }
        }
    }
}
