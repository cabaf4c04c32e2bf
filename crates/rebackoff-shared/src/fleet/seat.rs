//! A guard of this process with its machine, as the thread that sends requests holds it.

use std::sync::Weak;
use std::time::Duration;

use redis::{Connection, RedisResult};

use super::breaker_member::BreakerMember;
use super::budget_member::BudgetMember;
use super::clock::FleetClock;
use super::guards::{BreakerGuard, BudgetGuard, Guard};
use super::pause::Pause;
use super::protocol::FleetState;
use super::status::Status;
use super::store::Store;

/// A guard whose requests fail is alone, until one of them is answered.
pub(super) struct Seat {
    member: Member,
    pause: Pause,
    is_alone: bool,
}

enum Member {
    Breaker(Weak<BreakerGuard>, BreakerMember),
    Budget(Weak<BudgetGuard>, BudgetMember),
}

/// The parts of the thread that send a request.
pub(super) struct Sender<'a> {
    pub(super) connection: &'a mut Connection,
    pub(super) store: &'a Store,
    pub(super) status: &'a Status,
    pub(super) clock: FleetClock,
    pub(super) random: &'a mut fastrand::Rng,
}

impl Seat {
    /// A seat for the guard; `None` where it is used no more.
    pub(super) fn new(guard: &Guard) -> Option<Self> {
        let member = match guard {
            Guard::Breaker(weak) => {
                Member::Breaker(weak.clone(), BreakerMember::new(&weak.upgrade()?.breaker))
            }
            Guard::Budget(weak) => {
                Member::Budget(weak.clone(), BudgetMember::new(weak.upgrade()?.rule.lease_terms()))
            }
        };
        Some(Self { member, pause: Pause::new(), is_alone: false })
    }

    // Getters

    pub(super) fn is_of(&self, guard: &Guard) -> bool {
        match (&self.member, guard) {
            (Member::Breaker(one, _), Guard::Breaker(other)) => one.ptr_eq(other),
            (Member::Budget(one, _), Guard::Budget(other)) => one.ptr_eq(other),
            _ => false,
        }
    }

    pub(super) fn is_used(&self) -> bool {
        match &self.member {
            Member::Breaker(guard, _) => guard.strong_count() > 0,
            Member::Budget(guard, _) => guard.strong_count() > 0,
        }
    }

    pub(super) const fn is_alone(&self) -> bool {
        self.is_alone
    }

    /// The key of a breaker, on which the store publishes its changes.
    pub(super) fn channel(&self) -> Option<String> {
        match &self.member {
            Member::Breaker(guard, _) => Some(guard.upgrade()?.key.clone()),
            Member::Budget(..) => None,
        }
    }

    /// Returns whether requests wait, after one that failed.
    pub(super) fn is_paused(&self, now: Duration) -> bool {
        now < self.pause.end()
    }

    /// The moment of the next `send`, unless the guard changes before.
    pub(super) fn next_poll(&self, now: Duration) -> Option<Duration> {
        let next = match &self.member {
            Member::Breaker(guard, machine) => machine.next_poll(&guard.upgrade()?.breaker, now),
            Member::Budget(_, machine) => machine.next_poll(now),
        };
        Some(next.max(self.pause.end()))
    }

    // Handlers

    /// Sends what the member has to send. Returns whether there was something.
    pub(super) fn send(&mut self, sender: &mut Sender<'_>) -> RedisResult<bool> {
        let Sender { connection, store, status, clock, random } = sender;
        let mut is_answered = false;
        match &mut self.member {
            Member::Breaker(guard, machine) => {
                let Some(guard) = guard.upgrade() else { return Ok(false) };
                let breaker = &guard.breaker;
                if guard.take_asked() {
                    machine.handle_asked();
                }
                while let Some(request) = machine.poll(breaker, guard.was_called(), clock.now()) {
                    status.handle_request();
                    let answer =
                        store.run_breaker(connection, &guard.key, &guard.terms, &request)?;
                    if request.called {
                        guard.handle_reported();
                    }
                    machine.handle_answer(breaker, &answer, clock.now());
                    is_answered = true;
                }
                if is_answered {
                    guard.handle_ready();
                }
                guard.set_degraded(self.is_alone && !is_answered);
            }
            Member::Budget(guard, machine) => {
                let Some(guard) = guard.upgrade() else { return Ok(false) };
                let Some(lease) = guard.lease() else { return Ok(false) };
                guard.handle_look();
                while let Some(request) = machine.poll(lease, clock.now()) {
                    status.handle_request();
                    let answer = store.run_budget(connection, &guard.key, &guard.rule, &request)?;
                    machine.handle_answer(lease, answer.granted, clock.now(), random.f64());
                    is_answered = true;
                }
                guard.set_degraded(self.is_alone && !is_answered);
            }
        }
        if is_answered {
            self.pause.handle_answer();
            self.is_alone = false;
        }
        Ok(is_answered)
    }

    /// Has a breaker without the store go its own way.
    pub(super) fn poll_alone(&mut self, now: Duration) {
        if let Member::Breaker(guard, machine) = &mut self.member {
            if let Some(guard) = guard.upgrade() {
                machine.poll_alone(&guard.breaker, now);
            }
        }
    }

    pub(super) fn handle_message(&mut self, key: &str, state: &FleetState, now: Duration) {
        if let Member::Breaker(guard, machine) = &mut self.member {
            if let Some(guard) = guard.upgrade().filter(|guard| guard.key == key) {
                machine.handle_message(&guard.breaker, state, now);
            }
        }
    }

    /// The store refused the request: the next one comes after a pause.
    pub(super) fn handle_refused(&mut self, now: Duration, draw: f64) {
        self.pause.handle_failure(now, draw);
        self.handle_disconnected(now);
    }

    /// The answer did not come, or there is no connection.
    pub(super) fn handle_disconnected(&mut self, now: Duration) {
        self.is_alone = true;
        match &mut self.member {
            Member::Breaker(guard, machine) => {
                machine.handle_failure();
                if let Some(guard) = guard.upgrade() {
                    machine.poll_alone(&guard.breaker, now);
                    guard.set_degraded(true);
                }
            }
            Member::Budget(guard, machine) => {
                if let Some(guard) = guard.upgrade() {
                    if let Some(lease) = guard.lease() {
                        machine.handle_failure(lease);
                    }
                    guard.set_degraded(true);
                }
            }
        }
    }

    /// Sends what the member has learnt, and gives back what it has not spent. From now on the guard is alone.
    pub(super) fn finish(&mut self, sender: Option<Sender<'_>>, now: Duration) {
        match &mut self.member {
            Member::Breaker(guard, machine) => {
                let Some(guard) = guard.upgrade() else { return };
                let request = machine.finish(&guard.breaker, guard.was_called(), now);
                guard.handle_reported();
                if let (Some(request), Some(Sender { connection, store, .. })) = (request, sender) {
                    // Without an answer its lease expires.
                    let _ = store.run_breaker(connection, &guard.key, &guard.terms, &request);
                }
            }
            Member::Budget(guard, machine) => {
                let Some(guard) = guard.upgrade() else { return };
                let Some(lease) = guard.lease() else { return };
                let request = machine.finish(lease, now);
                lease.set_alone(true);
                if let (Some(request), Some(Sender { connection, store, .. })) = (request, sender) {
                    // Without an answer they are lost, and the bounds hold.
                    let _ = store.run_budget(connection, &guard.key, &guard.rule, &request);
                }
            }
        }
    }
}
