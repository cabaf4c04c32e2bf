//! The parts of guards that calls and threads share. Nothing in them is locked.

use std::sync::Weak;
use std::sync::atomic::{AtomicBool, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};
use std::time::Duration;

use rebackoff_core::{Breaker, Budget, Lease};

use super::protocol::BreakerTerms;
use super::rule::BudgetRule;

/// A guard, as the threads find it: they do not keep it alive.
#[derive(Clone)]
pub(super) enum Guard {
    Breaker(Weak<BreakerGuard>),
    Budget(Weak<BudgetGuard>),
}

impl Guard {
    pub(super) fn is_used(&self) -> bool {
        match self {
            Self::Breaker(breaker) => breaker.strong_count() > 0,
            Self::Budget(budget) => budget.strong_count() > 0,
        }
    }

    /// The threads are gone: from now on the guard is alone.
    pub(super) fn handle_over(&self) {
        match self {
            Self::Breaker(breaker) => {
                if let Some(breaker) = breaker.upgrade() {
                    breaker.handle_reported();
                    breaker.set_degraded(true);
                }
            }
            Self::Budget(budget) => {
                if let Some(budget) = budget.upgrade() {
                    budget.set_degraded(true);
                    budget.lease().inspect(|lease| lease.set_alone(true));
                }
            }
        }
    }

    /// Forgets what belongs to the process that this one was forked from.
    pub(super) fn handle_fork(&self, now: Duration) {
        match self {
            Self::Breaker(breaker) => {
                if let Some(breaker) = breaker.upgrade() {
                    breaker.breaker.return_probe();
                    breaker.is_ready.store(false, Release);
                    breaker.handle_reported();
                }
            }
            Self::Budget(budget) => {
                if let Some(lease) = budget.upgrade().as_ref().and_then(|budget| budget.lease()) {
                    lease.take_tokens(now.into());
                    lease.take_calls();
                    lease.take_withdrawals();
                    lease.set_alone(true);
                }
            }
        }
    }
}

pub(super) struct BreakerGuard {
    pub(super) key: String,
    pub(super) terms: BreakerTerms,
    pub(super) breaker: Breaker,
    /// True where the member called the target since its last request.
    called: AtomicBool,
    /// True once the member knows the fleet's state, or has waited for it long enough.
    is_ready: AtomicBool,
    /// True where a call waits for the probe, which the thread does not yet know.
    is_asked: AtomicBool,
    is_degraded: AtomicBool,
}

impl BreakerGuard {
    pub(super) const fn new(key: String, terms: BreakerTerms, breaker: Breaker) -> Self {
        let [called, is_ready, is_asked, is_degraded] = [const { AtomicBool::new(false) }; 4];
        Self { key, terms, breaker, called, is_ready, is_asked, is_degraded }
    }

    /// Returns whether the target was called since the last sync.
    #[inline]
    pub(super) fn was_called(&self) -> bool {
        self.called.load(Relaxed)
    }

    pub(super) fn is_ready(&self) -> bool {
        self.is_ready.load(Acquire)
    }

    pub(super) fn is_degraded(&self) -> bool {
        self.is_degraded.load(Relaxed)
    }

    pub(super) fn handle_call(&self) {
        self.called.store(true, Relaxed);
    }

    /// Notes that a call waits for the probe.
    pub(super) fn handle_asked(&self) {
        self.is_asked.store(true, Relaxed);
    }

    /// Returns whether a call has asked for the probe since the thread last looked.
    pub(super) fn take_asked(&self) -> bool {
        self.is_asked.swap(false, Relaxed)
    }

    /// Notes that the member knows the fleet's state, or has waited for it long enough.
    pub(super) fn handle_ready(&self) {
        self.is_ready.store(true, Release);
    }

    pub(super) fn set_degraded(&self, is_degraded: bool) {
        self.is_degraded.store(is_degraded, Relaxed);
    }

    /// Notes that the member has reported its calls.
    pub(super) fn handle_reported(&self) {
        self.called.store(false, Relaxed);
    }
}

pub(super) struct BudgetGuard {
    pub(super) key: String,
    pub(super) rule: BudgetRule,
    pub(super) budget: Budget,
    /// True while the thread knows that the lease is low.
    is_low: AtomicBool,
    is_degraded: AtomicBool,
}

impl BudgetGuard {
    pub(super) const fn new(key: String, rule: BudgetRule, budget: Budget) -> Self {
        let [is_low, is_degraded] = [const { AtomicBool::new(false) }; 2];
        Self { key, rule, budget, is_low, is_degraded }
    }

    pub(super) const fn lease(&self) -> Option<&Lease> {
        self.budget.lease()
    }

    pub(super) fn is_degraded(&self) -> bool {
        self.is_degraded.load(Relaxed)
    }

    /// Returns whether the lease has become low since the thread last looked, once.
    pub(super) fn becomes_low(&self, now: Duration) -> bool {
        !self.is_low.load(Relaxed)
            && self
                .lease()
                .is_some_and(|lease| lease.tokens(now.into()) <= self.rule.lease_terms().spare())
            && !self.is_low.swap(true, Relaxed)
    }

    pub(super) fn set_degraded(&self, is_degraded: bool) {
        self.is_degraded.store(is_degraded, Relaxed);
    }

    /// The thread looks at the lease: a retry that finds it low later wakes the thread again.
    pub(super) fn handle_look(&self) {
        self.is_low.store(false, Relaxed);
    }
}
