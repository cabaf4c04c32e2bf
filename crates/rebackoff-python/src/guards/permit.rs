//! `Permit`: a call that a breaker lets through, for those who call by hand.

use std::sync::Mutex;

use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyType;
use rebackoff_core::{Health, Permit as Core, Seconds};

use super::breaker::is_rejection;
use super::{Breaker, in_drop};

/// A call that a breaker lets through.
///
///     with breaker.admit():
///         fetch()
///
/// An `Exception` that leaves the block is a failure; a `CircuitOpenError`, for which nobody was asked, and
/// anything else that does (a cancellation) says nothing of the target.
#[pyclass(frozen, module = "rebackoff")]
pub(crate) struct Permit {
    breaker: Py<Breaker>,
    core: Mutex<Option<Core>>,
    began: Seconds,
    is_probe: bool,
}

#[pymethods]
impl Permit {
    /// Whether the call is a probe of a half-open breaker.
    #[getter]
    fn is_probe(&self) -> bool {
        self.is_probe
    }

    /// Tells what the call came to: "success", "failure" or "neutral". Only the first word counts.
    #[pyo3(signature = (health="success"))]
    fn settle(&self, py: Python<'_>, health: &str) -> PyResult<()> {
        let health = match health {
            "success" => Health::Success,
            "failure" => Health::Failure,
            "neutral" => Health::Neutral,
            _ => {
                let rule = "health must be 'success', 'failure' or 'neutral'";
                return Err(PyValueError::new_err(format!("{rule}, but it is '{health}'")));
            }
        };
        self.give_back(py, health)
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (kind, error=None, traceback=None))]
    fn __exit__(
        &self,
        py: Python<'_>,
        kind: Option<Bound<'_, PyType>>,
        error: Option<Bound<'_, PyAny>>,
        traceback: Option<Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let _ = traceback;
        let rejected = error.as_ref().map_or(Ok(false), is_rejection)?;
        let health = match kind {
            None => Health::Success,
            Some(_) if rejected => Health::Neutral,
            Some(kind) if kind.is_subclass_of::<PyException>()? => Health::Failure,
            Some(_) => Health::Neutral,
        };
        self.give_back(py, health)
    }
}

impl Permit {
    pub(super) fn new(breaker: Py<Breaker>, permit: Core, began: Seconds) -> Self {
        let is_probe = permit.is_probe();
        Self { breaker, core: Mutex::new(Some(permit)), began, is_probe }
    }

    fn give_back(&self, py: Python<'_>, health: Health) -> PyResult<()> {
        let permit = self.core.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        permit.map_or(Ok(()), |permit| self.breaker.get().settle(py, permit, health, self.began))
    }
}

impl Drop for Permit {
    /// A permit that nobody gave back says nothing of the target, and frees its place.
    fn drop(&mut self) {
        let permit = self.core.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(permit) = permit.take() {
            in_drop(|py| self.breaker.get().settle(py, permit, Health::Neutral, self.began));
        }
    }
}
