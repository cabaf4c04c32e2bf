//! `Arities`: what the accelerator of coroutine functions looks for.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use crate::call::Call;
use crate::run::Run;

/// A `Run`, with the coroutine functions for no argument, one, two and so on.
#[pyclass(frozen, module = "rebackoff._native")]
pub(crate) struct Arities {
    pub(crate) run: Py<Run>,
    pub(crate) functions: Vec<Py<PyAny>>,
}

#[pymethods]
impl Arities {
    #[new]
    fn new(run: Py<Run>, functions: Vec<Py<PyAny>>) -> Self {
        Self { run, functions }
    }

    /// Starts a call, as `Run.begin`.
    #[pyo3(signature = (args, kwargs, start=None))]
    fn begin<'py>(
        &self,
        args: Bound<'py, PyTuple>,
        kwargs: Bound<'py, PyDict>,
        start: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Call> {
        Run::begin(self.run.bind(args.py()), args, kwargs, start)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.run)?;
        self.functions.iter().try_for_each(|function| visit.call(function))
    }
}
