//! The part of one member in a breaker of the fleet: a state machine without I/O, clock or thread.

use std::time::Duration;

use rebackoff_core::{Breaker, BreakerState, Seconds};

use super::protocol::{Action, BreakerAnswer, BreakerRequest, FleetState, OpenFor};

/// The time between two syncs. The store publishes changes as well.
const SYNC: Duration = Duration::from_secs(1);

/// The longest time that a member holds the lease without a call to probe with.
const UNUSED: Duration = Duration::from_secs(1);

/// The time between two looks for rejected calls, once the open time is over.
const LOOK: Duration = Duration::from_millis(50);

/// The time that the store adds to a lease, so that the lease ends for the member first.
const GRACE: Duration = Duration::from_secs(1);

/// Steers the member's own breaker, which decides about calls by itself. The breaker has leased probes: it
/// stays open until this machine lets it probe.
///
/// A driver calls `poll` and sends what it returns; then `handle_answer` or `handle_failure`. While there
/// is no store, it calls `poll_alone`.
#[derive(Debug)]
pub(super) struct BreakerMember {
    probe_time: Duration,
    epoch: u64,
    open: Option<OpenUntil>,
    phase: Phase,
    has_voted: bool,
    /// True where the member has asked whether the fleet is open, before a probe of its own.
    has_asked: bool,
    /// True where a call waits for the probe.
    is_asked: bool,
    sent: Option<(Action, Duration)>,
    next_sync: Duration,
    next_ask: Duration,
    /// The breaker's rejected calls at the last sync.
    rejected: u64,
}

#[derive(Clone, Copy, Debug)]
struct OpenUntil {
    until: Duration,
    reopened: u64,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Watching,
    /// The member has the lease of the fleet's probe.
    Leased {
        unused_until: Duration,
        end: Duration,
    },
}

impl BreakerMember {
    pub(super) fn new(breaker: &Breaker) -> Self {
        Self {
            probe_time: breaker.probe_time().to_duration(),
            epoch: 0,
            open: None,
            phase: Phase::Watching,
            has_voted: false,
            has_asked: false,
            is_asked: false,
            sent: None,
            next_sync: Duration::ZERO,
            next_ask: Duration::ZERO,
            rejected: 0,
        }
    }

    // Getters

    /// The moment of the next `poll`, unless the breaker changes its state before.
    pub(super) fn next_poll(&self, breaker: &Breaker, now: Duration) -> Duration {
        let other = match (self.phase, self.open) {
            (Phase::Leased { unused_until, end }, _) => {
                if now < unused_until {
                    unused_until
                } else {
                    end
                }
            }
            (_, Some(open)) => open.until.max(now + LOOK),
            (_, None) => breaker.check_at(|| now).err().map_or(self.next_sync, |open| {
                now + open.retry_in.map_or(SYNC, Seconds::to_duration)
            }),
        };
        self.next_sync.min(other)
    }

    // Handlers

    /// A call waits for the probe, where one is due.
    pub(super) fn handle_asked(&mut self) {
        self.is_asked = true;
    }

    /// The next request, unless one is on its way.
    pub(super) fn poll(
        &mut self,
        breaker: &Breaker,
        called: bool,
        now: Duration,
    ) -> Option<BreakerRequest> {
        if self.sent.is_some() {
            return None;
        }
        let action = self.act(breaker, now).or((now >= self.next_sync).then_some(Action::Sync))?;
        Some(self.request(action, called, now))
    }

    /// The last request of a member that ends: its vote, the outcome of its probe, or the lease of a probe that
    /// was not made.
    pub(super) fn finish(
        &mut self,
        breaker: &Breaker,
        called: bool,
        now: Duration,
    ) -> Option<BreakerRequest> {
        let is_leased = matches!(self.phase, Phase::Leased { .. });
        if is_leased && breaker.state_at(|| now) == BreakerState::HalfOpen {
            let is_unused = breaker.check_at(|| now).is_ok();
            return is_unused.then(|| self.request(Action::Release, called, now));
        }
        let last = self.poll(breaker, called, now);
        last.filter(|request| !matches!(request.action, Action::Sync | Action::Ask { .. }))
    }

    fn request(&mut self, action: Action, called: bool, now: Duration) -> BreakerRequest {
        self.sent = Some((action, now));
        self.has_voted = matches!(action, Action::Vote { .. });
        self.is_asked &= !matches!(action, Action::Ask { .. });
        let open = self.open.map(|OpenUntil { until, reopened }| OpenFor {
            left: until.saturating_sub(now),
            reopened,
        });
        BreakerRequest { called, known: FleetState { epoch: self.epoch, open }, action }
    }

    /// Without the store, the breaker goes its own way: it probes when its own open time is over.
    pub(super) fn poll_alone(&mut self, breaker: &Breaker, now: Duration) {
        probe_alone(breaker, now);
        if breaker.state_at(|| now) == BreakerState::Closed && matches!(self.phase, Phase::Watching)
        {
            self.open = None;
        }
    }

    pub(super) fn handle_answer(
        &mut self,
        breaker: &Breaker,
        answer: &BreakerAnswer,
        now: Duration,
    ) {
        let Some((action, sent_at)) = self.sent.take() else {
            return;
        };
        self.next_sync = now + SYNC;
        self.apply(breaker, &answer.state, now);
        match action {
            Action::Sync => {
                self.rejected = breaker.rejected();
                self.is_asked &= self.open.is_some_and(|open| now >= open.until);
            }
            Action::Ask { .. } if answer.is_mine && self.open.is_some() => {
                let unused_until = now + UNUSED;
                self.phase =
                    Phase::Leased { unused_until, end: sent_at + UNUSED + self.probe_time };
                breaker.lease_probe();
            }
            Action::Ask { .. } => self.next_ask = now + answer.lease.clamp(LOOK, SYNC),
            // The lease had ended: what the probe found is void.
            Action::Close | Action::Reopen { .. } if matches!(self.phase, Phase::Leased { .. }) => {
                self.hold(breaker, now);
            }
            _ => {}
        }
    }

    /// Handles a state that the store has published.
    pub(super) fn handle_message(&mut self, breaker: &Breaker, state: &FleetState, now: Duration) {
        self.next_ask = now;
        self.apply(breaker, state, now);
    }

    /// The answer did not come: the store may have acted or not.
    pub(super) fn handle_failure(&mut self) {
        self.sent = None;
        (self.has_voted, self.has_asked) = (false, false);
        self.next_sync = Duration::ZERO;
    }

    /// The action that the state of the breaker asks for at once.
    fn act(&mut self, breaker: &Breaker, now: Duration) -> Option<Action> {
        let state = breaker.state_at(|| now);
        if let Phase::Leased { unused_until, end } = self.phase {
            match state {
                BreakerState::Closed => return Some(Action::Close),
                BreakerState::Open => {
                    let (span, reopened) = (left(breaker, now), breaker.reopened());
                    return Some(Action::Reopen { span, reopened });
                }
                BreakerState::Isolated => {
                    self.phase = Phase::Watching;
                    return Some(Action::Release);
                }
                BreakerState::HalfOpen if now >= unused_until && breaker.return_probe() => {
                    self.phase = Phase::Watching;
                    self.next_ask = now + SYNC;
                    return Some(Action::Release);
                }
                BreakerState::HalfOpen if now >= end => self.hold(breaker, now),
                BreakerState::HalfOpen => return None,
            }
        }
        if state != BreakerState::Open {
            return None;
        }
        if let Some(open) = self.open {
            let is_asked_for = self.is_asked || breaker.rejected() > self.rejected;
            let is_due = now >= open.until && now >= self.next_ask;
            let lease = UNUSED + self.probe_time + GRACE;
            return (is_due && is_asked_for).then_some(Action::Ask { lease });
        }
        let span = left(breaker, now);
        if span.is_zero() {
            // The news that the fleet has opened may be late. Where too few members agree that the target is
            // down, this one probes for itself.
            self.has_asked = !self.has_asked;
            if self.has_asked {
                return Some(Action::Sync);
            }
            breaker.lease_probe();
            return None;
        }
        self.has_asked = false;
        (!self.has_voted || now >= self.next_sync).then_some(Action::Vote { span })
    }

    fn apply(&mut self, breaker: &Breaker, news: &FleetState, now: Duration) {
        if news.epoch < self.epoch {
            return;
        }
        let is_change = news.epoch > self.epoch || news.open.is_some() != self.open.is_some();
        if is_change {
            self.epoch = news.epoch;
            self.has_voted = false;
            let until =
                |open: OpenFor| OpenUntil { until: now + open.left, reopened: open.reopened };
            self.open = news.open.map(until);
            self.phase = Phase::Watching;
            if self.open.is_none() && breaker.state_at(|| now) != BreakerState::Isolated {
                breaker.reset();
            }
        }
        if matches!(self.phase, Phase::Watching)
            && (is_change || breaker.state_at(|| now) != BreakerState::Open)
        {
            self.hold(breaker, now);
        }
    }

    /// Opens the breaker as the fleet has it, without a lease.
    fn hold(&mut self, breaker: &Breaker, now: Duration) {
        self.phase = Phase::Watching;
        if let Some(OpenUntil { until, reopened }) = self.open {
            if breaker.state_at(|| now) != BreakerState::Isolated {
                breaker.open_until(until, reopened);
            }
        }
    }
}

/// Lets a breaker without a store probe once its own open time is over.
pub(super) fn probe_alone(breaker: &Breaker, now: Duration) {
    if breaker.state_at(|| now) == BreakerState::Open && left(breaker, now).is_zero() {
        breaker.lease_probe();
    }
}

/// The time left until the breaker's own open time is over.
fn left(breaker: &Breaker, now: Duration) -> Duration {
    let retry_in = breaker.check_at(|| now).err().and_then(|open| open.retry_in);
    retry_in.map_or(Duration::ZERO, Seconds::to_duration)
}
