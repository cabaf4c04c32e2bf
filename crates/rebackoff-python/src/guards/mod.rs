//! Budgets and breakers: the core's. Python reads the clock and draws for them.

mod breaker;
mod budget;
mod call;
mod fleet;
mod held;
mod permit;

pub(crate) use breaker::{Breaker, open_message};
pub(crate) use budget::{Budget, Withdrawal};
pub(crate) use call::CallGuards;
pub(crate) use fleet::Fleet;
pub(crate) use held::Held;
pub(crate) use permit::Permit;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rebackoff_core::{Health, PolicyError};

use crate::words::one_of;

fn refused(error: PolicyError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn health(word: &str) -> PyResult<Health> {
    let known =
        [("success", Health::Success), ("failure", Health::Failure), ("neutral", Health::Neutral)];
    one_of("health", word, &known)
}
