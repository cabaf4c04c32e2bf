//! `CallGuards`: what one call does with its budget and its breaker.

use std::sync::Arc;

use pyo3::prelude::*;
use rebackoff_core::{
    Breaker as CoreBreaker, Budget as CoreBudget, Health, Permit, Reason, Seconds, Withdrawal,
};

use super::breaker::{Breaker, retry_in};
use super::budget::{Budget, cost};
use super::health;
use crate::words::{Drawn, seconds};

/// The guards of one call. Dropped, it settles its try neutral and takes back what it paid for a
/// retry that was not made.
#[pyclass(module = "rebackoff._native")]
pub(crate) struct CallGuards {
    budget: Option<Arc<CoreBudget>>,
    breaker: Option<Arc<CoreBreaker>>,
    permit: Option<Permit>,
    began: Seconds,
    last_seen: Seconds,
    paid: Option<Withdrawal>,
    is_waiting: bool,
}

#[pymethods]
impl CallGuards {
    #[new]
    fn new(budget: Option<&Bound<'_, Budget>>, breaker: Option<&Bound<'_, Breaker>>) -> Self {
        Self {
            budget: budget.map(|budget| budget.get().0.clone()),
            breaker: breaker.map(|breaker| breaker.get().0.clone()),
            permit: None,
            began: Seconds::ZERO,
            last_seen: Seconds::ZERO,
            paid: None,
            is_waiting: false,
        }
    }

    /// Starts the call. Returns the seconds until the next probe where the breaker rejects it.
    fn handle_start(&mut self, now: f64) -> Option<f64> {
        if let Some(rejected) = self.admit(now) {
            return Some(rejected);
        }
        if let Some(budget) = &self.budget {
            budget.handle_start(|| seconds(now));
        }
        None
    }

    /// Settles a try that succeeded. Returns whether the draw was used.
    fn handle_success(&mut self, word: &str, now: f64, draw: f64) -> PyResult<bool> {
        let is_used = self.settle(health(word)?, now, draw);
        if let Some(budget) = &self.budget {
            budget.handle_success(self.paid.take());
        }
        Ok(is_used)
    }

    /// Settles a try that failed; `gives_up` where the caller's condition gave up. Returns whether
    /// the draw was used.
    fn handle_failure(
        &mut self,
        gives_up: bool,
        word: &str,
        now: f64,
        draw: f64,
    ) -> PyResult<bool> {
        let is_used = self.settle(health(word)?, now, draw);
        match &self.budget {
            Some(budget) if !gives_up => budget.handle_failure(),
            _ => {}
        }
        Ok(is_used)
    }

    /// Pays for a retry after `wait` seconds. Returns the reason to give up, if there is one.
    fn handle_retry(&mut self, is_timeout: bool, wait: f64, now: f64) -> Option<&'static str> {
        if let Some(breaker) = &self.breaker {
            if let Err(open) = breaker.check(|| seconds(now)) {
                if open.retry_in.is_none_or(|retry_in| retry_in > seconds(wait)) {
                    return Some(Reason::Breaker.as_str());
                }
            }
        }
        let budget = self.budget.as_ref()?;
        self.paid = budget.withdraw(cost(is_timeout), || seconds(now)).ok();
        self.is_waiting = self.paid.is_some();
        self.paid.is_none().then_some(Reason::Budget.as_str())
    }

    /// Asks the breaker again, after the wait. Returns whether the retry may be made.
    fn handle_resume(&mut self, now: f64) -> bool {
        if self.admit(now).is_some() {
            self.handle_abandoned();
            return false;
        }
        true
    }

    /// The try that was admitted begins.
    fn handle_try(&mut self) {
        self.is_waiting = false;
    }

    /// The call ends otherwise than by an outcome.
    fn handle_abandoned(&mut self) {
        if let (true, Some(budget), Some(paid)) = (self.is_waiting, &self.budget, self.paid) {
            budget.refund(paid);
            (self.is_waiting, self.paid) = (false, None);
        }
        self.settle(Health::Neutral, self.last_seen.get(), 0.0);
    }
}

impl CallGuards {
    fn admit(&mut self, now: f64) -> Option<f64> {
        let breaker = self.breaker.as_ref()?;
        match breaker.admit(|| seconds(now)) {
            Ok(permit) => {
                self.permit = Some(permit);
                self.began = seconds(now);
                self.last_seen = seconds(now);
                None
            }
            Err(open) => Some(retry_in(open)),
        }
    }

    fn settle(&mut self, health: Health, now: f64, draw: f64) -> bool {
        let (now, mut drawn) = (seconds(now), Drawn::new(draw));
        if let (Some(breaker), Some(permit)) = (&self.breaker, self.permit.take()) {
            let took = || now.saturating_sub(self.began);
            breaker.settle(permit, health, took, || now, &mut drawn);
        }
        drawn.is_used
    }
}

impl Drop for CallGuards {
    fn drop(&mut self) {
        self.handle_abandoned();
    }
}
