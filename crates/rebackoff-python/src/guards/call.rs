//! `CallGuards`: the core's, with the budget and the breaker of its call.

use pyo3::prelude::*;
use rebackoff_core::{
    Breaker as CoreBreaker, BreakerState, Budget as CoreBudget, CallGuards as Core, Reason,
    Seconds, StateChange, Verdict,
};

use super::breaker::{Breaker, retry_in};
use super::budget::{Budget, cost};
use super::{Held, health};
use crate::words::{Drawn, seconds};

/// The guards of one call. Dropped, they are abandoned.
#[pyclass(module = "rebackoff._native")]
pub(crate) struct CallGuards {
    core: Core,
    budget: Option<Held<CoreBudget>>,
    breaker: Option<Held<CoreBreaker>>,
    has_rates: bool,
}

/// The guards of a call that is admitted, or the seconds until the next probe: infinite where the
/// breaker is isolated.
#[derive(IntoPyObject)]
pub(crate) enum Start {
    Admitted(CallGuards),
    Rejected(f64),
}

#[pymethods]
impl CallGuards {
    /// Asks for the first try of a call, and begins it.
    #[staticmethod]
    fn start(
        py: Python<'_>,
        budget: Option<&Bound<'_, Budget>>,
        breaker: Option<&Bound<'_, Breaker>>,
        now: f64,
    ) -> Start {
        let has_rates = breaker.is_some_and(|breaker| breaker.get().has_rates);
        let mut guards = Self {
            core: Core::new(),
            budget: budget.map(|budget| budget.get().core.clone()),
            breaker: breaker.map(|breaker| breaker.get().core.clone()),
            has_rates,
        };
        let Self { core, budget, breaker, .. } = &mut guards;
        let budget = budget.as_ref().map(|budget| budget.for_call(py));
        let asked = breaker.as_ref().map(|breaker| breaker.for_call(py));
        match core.handle_start(budget, asked, || seconds(now)) {
            Ok(change) => {
                notify(breaker.as_ref(), change);
                guards.core.handle_try();
                Start::Admitted(guards)
            }
            Err(open) => Start::Rejected(retry_in(open)),
        }
    }

    /// Begins a retry.
    fn handle_try(&mut self) {
        self.core.handle_try();
    }

    /// Settles a success that needs neither the time, a draw nor a report. Returns whether that is so.
    fn handle_plain_success(&mut self) -> PyResult<bool> {
        let is_closed =
            |breaker: &CoreBreaker| breaker.state_at(|| Seconds::ZERO) == BreakerState::Closed;
        let has_report = self.budget.as_ref().is_some_and(Held::has_report)
            || self.breaker.as_ref().is_some_and(Held::has_report);
        if has_report || self.has_rates || !self.breaker.as_deref().is_none_or(is_closed) {
            return Ok(false);
        }
        self.settle(Verdict::Accept, None, 0.0, 0.0)?;
        Ok(true)
    }

    /// Settles a try that succeeded. Returns whether the draw was used.
    fn handle_success(&mut self, word: Option<&str>, now: f64, draw: f64) -> PyResult<bool> {
        self.settle(Verdict::Accept, word, now, draw)
    }

    /// Settles a try that failed; `gives_up` where the caller's condition gave up. Returns whether
    /// the draw was used.
    fn handle_failure(
        &mut self,
        gives_up: bool,
        word: Option<&str>,
        now: f64,
        draw: f64,
    ) -> PyResult<bool> {
        let verdict = if gives_up { Verdict::GiveUp } else { Verdict::Retry };
        self.settle(verdict, word, now, draw)
    }

    /// Pays for a retry after `wait` seconds. Returns the reason to give up, if there is one.
    fn handle_retry(&mut self, word: &str, wait: f64, now: f64) -> Option<&'static str> {
        let Self { core, budget, breaker, .. } = self;
        let (breaker, wait) = (breaker.as_deref(), seconds(wait));
        let paid = core.handle_retry(budget.as_deref(), breaker, cost(word), wait, || seconds(now));
        if let Some(budget) = budget {
            budget.notify();
        }
        paid.err().map(Reason::as_str)
    }

    /// Asks the breaker again, after the wait. Returns whether the retry may be made.
    fn handle_resume(&mut self, now: f64) -> bool {
        let Self { core, budget, breaker, .. } = self;
        let resumed = core.handle_resume(budget.as_deref(), breaker.as_deref(), || seconds(now));
        resumed.map(|change| notify(breaker.as_ref(), change)).is_ok()
    }

    /// The call ends otherwise than by an outcome.
    fn handle_abandoned(&mut self) {
        self.core.handle_abandoned(self.budget.as_deref(), self.breaker.as_deref());
    }
}

impl CallGuards {
    fn settle(
        &mut self,
        verdict: Verdict,
        word: Option<&str>,
        now: f64,
        draw: f64,
    ) -> PyResult<bool> {
        let Self { core, budget, breaker, .. } = self;
        let health = word.map(health).transpose()?;
        let (now, mut drawn) = (|| -> Seconds { seconds(now) }, Drawn::new(draw));
        let (asked, budget) = (breaker.as_deref(), budget.as_deref());
        let change = core.handle_settled(budget, asked, verdict, health, now, &mut drawn);
        notify(breaker.as_ref(), change);
        Ok(drawn.is_used)
    }
}

/// Reports a change of state to the fleet.
fn notify(breaker: Option<&Held<CoreBreaker>>, change: Option<StateChange>) {
    if let (Some(breaker), Some(_)) = (breaker, change) {
        breaker.notify();
    }
}

impl Drop for CallGuards {
    fn drop(&mut self) {
        self.handle_abandoned();
    }
}
