//! `Steps`: a settling that has to await something, as an awaitable.
//!
//! It is no coroutine, so that it leaves no frame in anybody's traceback.

use pyo3::exceptions::PyStopIteration;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use pyo3::{PyTraverseError, PyVisit};

use crate::call::Call;
use crate::outside;
use crate::settle::Settling;

/// Settles an outcome of an async target: what has to be awaited for it, if anything.
pub(crate) fn drive(
    call: Bound<'_, Call>,
    mut settling: Settling,
) -> PyResult<Option<Bound<'_, PyAny>>> {
    let py = call.py();
    let Some(awaitable) = advance(&call, &mut settling, None)? else {
        return Ok(None);
    };
    if settling.is_done() {
        // Only the wait is left.
        return Ok(Some(awaitable));
    }
    let waiting = Waiting { call: call.unbind(), settling, inner: iterator_of(&awaitable)? };
    Ok(Some(Bound::new(py, Steps { waiting: Some(waiting) })?.into_any()))
}

/// An outcome whose settling waits for one thing after another.
#[pyclass(module = "rebackoff._native")]
pub(crate) struct Steps {
    /// `None` when it is over, however it ended: an error must not be kept by what failed to handle it.
    waiting: Option<Waiting>,
}

struct Waiting {
    call: Py<Call>,
    settling: Settling,
    /// The iterator of what is awaited.
    inner: Py<PyAny>,
}

#[pymethods]
impl Steps {
    fn __await__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.send(py.None().into_bound(py))
    }

    fn send<'py>(&mut self, value: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = value.py();
        let inner = self.inner(py)?;
        let yielded = if value.is_none() {
            next(&inner)
        } else {
            outside::call1(&inner.getattr(intern!(py, "send"))?, &value)
        };
        self.go_on(py, yielded)
    }

    #[pyo3(signature = (*error))]
    fn throw<'py>(&mut self, error: Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        let py = error.py();
        let throw = self.inner(py)?.getattr(intern!(py, "throw"))?;
        let thrown = outside::call(&throw, &error, None);
        self.go_on(py, thrown)
    }

    fn close(&mut self, py: Python<'_>) -> PyResult<()> {
        match self.waiting.take() {
            Some(waiting) => {
                release(waiting.call.bind(py));
                waiting.inner.call_method0(py, intern!(py, "close")).map(|_| ())
            }
            None => Ok(()),
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Some(waiting) = &self.waiting else {
            return Ok(());
        };
        visit.call(&waiting.call)?;
        visit.call(&waiting.inner)?;
        waiting.settling.traverse(&visit)
    }
}

impl Steps {
    fn inner<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let waiting = self.waiting.as_ref().ok_or_else(|| PyStopIteration::new_err(()))?;
        Ok(waiting.inner.bind(py).clone())
    }

    /// Hands out what the awaited thing yields; when it is over, begins the next.
    fn go_on<'py>(
        &mut self,
        py: Python<'py>,
        yielded: PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut yielded = yielded;
        loop {
            let error = match yielded {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let Some(mut waiting) = self.waiting.take() else {
                return Err(error);
            };
            if !error.is_instance_of::<PyStopIteration>(py) {
                release(waiting.call.bind(py));
                return Err(error);
            }
            let given = error.value(py).getattr(intern!(py, "value"))?;
            let awaitable = advance(waiting.call.bind(py), &mut waiting.settling, Some(given))?;
            let Some(awaitable) = awaitable else {
                return Err(PyStopIteration::new_err(()));
            };
            waiting.inner = iterator_of(&awaitable)?;
            let inner = waiting.inner.bind(py).clone();
            self.waiting = Some(waiting);
            yielded = next(&inner);
        }
    }
}

/// The call ends while something is awaited: a try that was about to begin does not.
fn release(call: &Bound<'_, Call>) {
    call.borrow_mut().parts().1.release();
}

fn advance<'py>(
    call: &Bound<'py, Call>,
    settling: &mut Settling,
    given: Option<Bound<'py, PyAny>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let mut call_ref = call.borrow_mut();
    let (run, state) = call_ref.parts();
    settling.step(call.py(), run.get(), state, given)
}

fn next<'py>(iterator: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    outside::call0(&iterator.getattr(intern!(iterator.py(), "__next__"))?)
}

fn iterator_of(awaitable: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    Ok(awaitable.call_method0(intern!(awaitable.py(), "__await__"))?.unbind())
}
