//! Budgets and breakers: the core's, for Python, and what a call does with them.
//!
//! Nothing here takes a lock that another thread could wait for: the state is the core's atomics.

mod breaker;
mod budget;
mod call;
mod permit;
mod ticks;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use rebackoff_core::{PolicyError, Seconds};
use std::time::Duration;

pub(crate) use breaker::Breaker;
pub(crate) use budget::{Budget, Withdrawal};
pub(crate) use call::{CallGuards, Guards};
pub(crate) use permit::Permit;

use crate::seconds::Amount;

/// Does what a drop has to do, in which an error may be on its way that is none of its business.
fn in_drop(body: impl FnOnce(Python<'_>) -> PyResult<()>) {
    Python::try_attach(|py| {
        let pending = PyErr::take(py);
        if let Err(error) = body(py) {
            error.write_unraisable(py, None);
        }
        if let Some(pending) = pending {
            pending.restore(py);
        }
    });
}

fn refused(error: PolicyError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// A parameter that counts something.
fn count(name: &str, value: &Bound<'_, PyAny>) -> PyResult<u32> {
    let rule = || {
        Ok::<_, PyErr>(format!(
            "{name} must be a whole number, 0 or more, but it is {}",
            value.repr()?
        ))
    };
    match value.extract::<i128>() {
        Ok(count) if count >= 0 => Ok(u32::try_from(count).unwrap_or(u32::MAX)),
        Ok(_) => Err(PyValueError::new_err(rule()?)),
        Err(_) => Err(PyTypeError::new_err(rule()?)),
    }
}

/// A parameter that is a time.
fn duration(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Duration> {
    let rule = || {
        Ok::<_, PyErr>(format!(
            "{name} must be a number of seconds, 0 or more, or a timedelta, but it is {}",
            value.repr()?
        ))
    };
    match Amount::read(value.clone())? {
        Some(amount) => match Seconds::new(amount.value) {
            Some(seconds) => Ok(seconds.to_duration()),
            None => Err(PyValueError::new_err(rule()?)),
        },
        None => Err(PyTypeError::new_err(rule()?)),
    }
}
