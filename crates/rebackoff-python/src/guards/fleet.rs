//! `Fleet`: the connection of this process to the store of a fleet.

use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rebackoff_core::BreakerBuilder;
use rebackoff_shared::fleet::{BudgetRule, Fleet as Core, FleetError, FleetReport};

use super::Held;
use crate::words::seconds;

/// The longest time that the first call of a breaker waits for the store.
const FIRST_WAIT: Duration = Duration::from_millis(25);

/// A fleet. Its threads begin with the first call of a guard; they never run Python.
#[pyclass(frozen, module = "rebackoff._native")]
pub(crate) struct Fleet(Core);

/// A fleet, the number of its members, and whether its budgets begin empty.
#[derive(FromPyObject)]
pub(crate) struct Terms<'py>(Bound<'py, Fleet>, u32, bool);

#[pymethods]
impl Fleet {
    #[new]
    fn new(url: &str, now: f64) -> PyResult<Self> {
        Core::connect(url, seconds(now).to_duration(), FIRST_WAIT).map(Self).map_err(wrong)
    }

    #[getter]
    fn is_degraded(&self) -> bool {
        self.0.is_degraded()
    }

    #[getter]
    fn requests(&self) -> u64 {
        self.0.requests()
    }

    /// The last change, once: the error of a fleet that has become degraded, or "" of one that has recovered.
    fn take_report(&self) -> Option<String> {
        self.0.take_report().map(|report| match report {
            FleetReport::Degraded(error) => error,
            _ => String::new(),
        })
    }

    /// Gives unused tokens back and ends the threads.
    fn finish(&self, py: Python<'_>) {
        py.detach(|| self.0.finish());
    }

    /// Gives a forked process threads and connections of its own.
    fn handle_fork(&self) {
        self.0.handle_fork();
    }
}

impl Terms<'_> {
    pub(super) fn breaker(
        &self,
        name: &str,
        builder: BreakerBuilder,
    ) -> PyResult<Held<rebackoff_core::Breaker>> {
        self.0.get().0.breaker(name, builder).map(Held::Fleet).map_err(wrong)
    }

    pub(super) fn budget(
        &self,
        name: &str,
        rule: BudgetRule,
    ) -> PyResult<Held<rebackoff_core::Budget>> {
        let rule = rule.members(self.1).starts_empty(self.2);
        self.0.get().0.budget(name, rule).map(Held::Fleet).map_err(wrong)
    }
}

fn wrong(error: FleetError) -> PyErr {
    PyValueError::new_err(error.to_string())
}
