//! The part of one member in a budget of the fleet: a state machine without I/O, clock or thread.

use std::time::Duration;

use rebackoff_core::Lease;

use super::protocol::BudgetRequest;
use super::rule::LeaseTerms;

/// The time between two deposits of calls.
const FLUSH: Duration = Duration::from_millis(250);

/// The time between requests after a grant that fell short, until full batches come again.
const PAUSE: Duration = Duration::from_millis(100);

/// The time between the requests of an idle member.
const IDLE_PAUSE: Duration = Duration::from_secs(1);

/// Keeps the lease of one member filled, as its retries ask for it. An idle member keeps one token.
///
/// A driver calls `poll` and sends what it returns; then `handle_answer` or `handle_failure`.
#[derive(Debug)]
pub(super) struct BudgetMember {
    terms: LeaseTerms,
    sent: Option<(BudgetRequest, Duration)>,
    /// The retries that asked for a token since the last grant.
    demand: u64,
    /// The calls that are not yet deposited.
    calls: u64,
    next_flush: Duration,
    /// True until the store answers again: also an idle member asks for that.
    has_failed: bool,
    /// The moment of the last grant, if it fell short, or follows on one that did.
    /// With a draw, that keeps the pauses of members apart.
    short_at: Option<(Duration, f64)>,
    /// The most tokens of the next request: 1 after a grant that fell short, then twice as many each time, so
    /// that members share what there is.
    most: u32,
}

impl BudgetMember {
    pub(super) fn new(terms: LeaseTerms) -> Self {
        let most = terms.batch();
        let next_flush = Duration::ZERO;
        let (sent, has_failed, short_at) = (None, false, None);
        Self { terms, sent, demand: 0, calls: 0, next_flush, has_failed, short_at, most }
    }

    // Getters

    /// The moment of the next `poll`, unless a retry takes a token before.
    pub(super) fn next_poll(&self, now: Duration) -> Duration {
        now + if self.short_at.is_some() && self.demand > 0 { PAUSE / 4 } else { FLUSH }
    }

    // Handlers

    /// The next request, unless one is on its way.
    pub(super) fn poll(&mut self, lease: &Lease, now: Duration) -> Option<BudgetRequest> {
        if self.sent.is_some() {
            return None;
        }
        self.demand += lease.take_withdrawals();
        self.calls += lease.take_calls();
        let wanted = self.wanted(lease.tokens(now.into()), now);
        let has_calls = self.calls > 0 && now >= self.next_flush;
        if wanted == 0 && !has_calls && !self.has_failed {
            return None;
        }
        let request = BudgetRequest { wanted, back: 0, calls: std::mem::take(&mut self.calls) };
        self.next_flush = now + FLUSH;
        self.sent = Some((request, now));
        Some(request)
    }

    pub(super) fn handle_answer(&mut self, lease: &Lease, granted: u32, now: Duration, draw: f64) {
        let Some((request, sent_at)) = self.sent.take() else {
            return;
        };
        lease.set_alone(false);
        self.has_failed = false;
        if request.wanted > 0 {
            lease.grant(granted, (sent_at + self.terms.ttl).into(), now.into());
            let is_short = granted < request.wanted;
            self.most = if is_short { 1 } else { self.most.saturating_mul(2) };
            let recovers = is_short || self.most < self.terms.batch();
            self.short_at = recovers.then_some((now, draw));
            self.demand = 0;
        }
    }

    /// The answer did not come. What the store may have handed out or counted is lost.
    pub(super) fn handle_failure(&mut self, lease: &Lease) {
        self.sent = None;
        self.has_failed = true;
        lease.set_alone(true);
    }

    /// The last request of a member that ends: it gives back what it has not spent.
    pub(super) fn finish(&mut self, lease: &Lease, now: Duration) -> Option<BudgetRequest> {
        let back = lease.take_tokens(now.into());
        let calls = self.calls + lease.take_calls();
        (back > 0 || calls > 0).then_some(BudgetRequest { wanted: 0, back, calls })
    }

    fn wanted(&self, left: u32, now: Duration) -> u32 {
        let pause = if self.demand > 0 { PAUSE } else { IDLE_PAUSE };
        let is_paused = self
            .short_at
            .is_some_and(|(short_at, draw)| now < short_at + pause.mul_f64(0.5 + draw));
        if left > self.terms.spare() || left > 0 && self.demand == 0 || is_paused {
            return 0;
        }
        let demand = u32::try_from(self.demand.saturating_mul(2)).unwrap_or(u32::MAX);
        demand.clamp(1, self.terms.batch()).min(self.most).min(self.terms.size - left)
    }
}
