//! `Budget`: how many retries many calls may spend together.

use std::time::Duration;

use pyo3::prelude::*;
use rebackoff_core::{Budget as Core, Cost, Withdrawal as CoreWithdrawal};
use rebackoff_shared::ShareOnHost;
use rebackoff_shared::fleet::BudgetRule;

use super::Held;
use super::fleet::Terms;
use crate::words::seconds;

/// The state of a budget.
#[pyclass(frozen, module = "rebackoff._native")]
pub(crate) struct Budget {
    pub(super) core: Held<Core>,
    /// The guards of its shared name that have other parameters, as they describe themselves.
    #[pyo3(get)]
    others: Vec<String>,
}

/// A retry that was paid for.
#[pyclass(frozen, module = "rebackoff._native")]
pub(crate) struct Withdrawal(CoreWithdrawal);

#[pymethods]
impl Budget {
    #[staticmethod]
    #[pyo3(signature = (*, rate=None, capacity=None, dry_run=false, shared=None, fleet=None))]
    fn per_second(
        rate: Option<f64>,
        capacity: Option<u32>,
        dry_run: bool,
        shared: Option<&str>,
        fleet: Option<Terms<'_>>,
    ) -> PyResult<Self> {
        if let (Some(terms), Some(name)) = (fleet, shared) {
            let rule = BudgetRule::per_second(rate.unwrap_or(10.0), capacity.unwrap_or(100));
            return Self::of((terms.budget(name, rule.dry_run(dry_run))?, Vec::new()));
        }
        let mut kind = Core::per_second().dry_run(dry_run);
        if let Some(rate) = rate {
            kind = kind.rate(rate);
        }
        if let Some(capacity) = capacity {
            kind = kind.capacity(capacity);
        }
        Self::of(Held::new(shared, || kind.build(), |name, host| kind.open_on(name, host))?)
    }

    #[staticmethod]
    #[pyo3(signature = (*, ratio=None, floor=None, ttl=None, dry_run=false, shared=None, fleet=None))]
    fn share(
        ratio: Option<f64>,
        floor: Option<f64>,
        ttl: Option<f64>,
        dry_run: bool,
        shared: Option<&str>,
        fleet: Option<Terms<'_>>,
    ) -> PyResult<Self> {
        if let (Some(terms), Some(name)) = (fleet, shared) {
            let (ratio, floor) = (ratio.unwrap_or(0.2), floor.unwrap_or(10.0));
            let rule = BudgetRule::share(ratio, floor, duration(ttl.unwrap_or(10.0)));
            return Self::of((terms.budget(name, rule.dry_run(dry_run))?, Vec::new()));
        }
        let mut kind = Core::share().dry_run(dry_run);
        if let Some(ratio) = ratio {
            kind = kind.ratio(ratio);
        }
        if let Some(floor) = floor {
            kind = kind.floor(floor);
        }
        if let Some(ttl) = ttl {
            kind = kind.ttl(duration(ttl));
        }
        Self::of(Held::new(shared, || kind.build(), |name, host| kind.open_on(name, host))?)
    }

    #[staticmethod]
    #[pyo3(signature = (*, capacity=None, retry_cost=None, timeout_cost=None, throttled_cost=None, dry_run=false, shared=None))]
    fn quota(
        capacity: Option<u32>,
        retry_cost: Option<u32>,
        timeout_cost: Option<u32>,
        throttled_cost: Option<u32>,
        dry_run: bool,
        shared: Option<&str>,
    ) -> PyResult<Self> {
        let mut kind = Core::quota().dry_run(dry_run);
        if let Some(capacity) = capacity {
            kind = kind.capacity(capacity);
        }
        if let Some(cost) = retry_cost {
            kind = kind.retry_cost(cost);
        }
        if let Some(cost) = timeout_cost {
            kind = kind.timeout_cost(cost);
        }
        if let Some(cost) = throttled_cost {
            kind = kind.throttled_cost(cost);
        }
        Self::of(Held::new(shared, || kind.build(), |name, host| kind.open_on(name, host))?)
    }

    #[staticmethod]
    #[pyo3(signature = (*, max_tokens=None, token_ratio=None, dry_run=false, shared=None))]
    fn throttle(
        max_tokens: Option<u32>,
        token_ratio: Option<f64>,
        dry_run: bool,
        shared: Option<&str>,
    ) -> PyResult<Self> {
        let mut kind = Core::throttle().dry_run(dry_run);
        if let Some(most) = max_tokens {
            kind = kind.max_tokens(most);
        }
        if let Some(ratio) = token_ratio {
            kind = kind.token_ratio(ratio);
        }
        Self::of(Held::new(shared, || kind.build(), |name, host| kind.open_on(name, host))?)
    }

    fn tokens(&self, now: f64) -> f64 {
        self.core.tokens_at(|| seconds(now))
    }

    #[getter]
    fn refused(&self) -> u64 {
        self.core.refused()
    }

    #[getter]
    fn dry_run(&self) -> bool {
        self.core.is_dry_run()
    }

    /// The counters of all processes that share it.
    #[getter]
    fn host_counts(&self) -> Vec<(&'static str, u64)> {
        self.core.host_counts()
    }

    /// Returns whether it goes on without the store of its fleet.
    #[getter]
    fn is_degraded(&self) -> bool {
        self.core.is_degraded()
    }

    fn handle_start(&self, py: Python<'_>, now: f64) {
        self.core.for_call(py).handle_start_at(|| seconds(now));
    }

    fn handle_failure(&self) {
        self.core.handle_failure();
    }

    fn handle_success(&self, last: Option<&Bound<'_, Withdrawal>>) {
        self.core.handle_success(last.map(|last| last.get().0));
    }

    fn withdraw(&self, py: Python<'_>, word: &str, now: f64) -> Option<Withdrawal> {
        let paid = self.core.for_call(py).withdraw_at(cost(word), || seconds(now));
        self.core.notify();
        paid.ok().map(Withdrawal)
    }

    fn refund(&self, withdrawal: &Bound<'_, Withdrawal>) {
        self.core.refund(withdrawal.get().0);
    }

    fn __str__(&self) -> String {
        self.core.to_string()
    }
}

impl Budget {
    fn of((core, others): (Held<Core>, Vec<String>)) -> PyResult<Self> {
        Ok(Self { core, others })
    }
}

pub(super) fn cost(word: &str) -> Cost {
    match word {
        "timeout" => Cost::Timeout,
        "throttled" => Cost::Throttled,
        _ => Cost::Retry,
    }
}

pub(super) fn duration(number: f64) -> Duration {
    seconds(number).to_duration()
}
