//! A call of a decorated function that blocks, from Rust.
//!
//! The fast path is in `accelerator`; this is what follows when there is more to do than to call
//! the target. After an error, Python goes on: handlers have to run inside an `except` block.

use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use std::sync::Mutex;

use crate::call::{Call, CallState, Next};
use crate::clock::Clock;
use crate::modules::SYNC;
use crate::outside;
use crate::run::{Run, Trigger};
use crate::settle::{Moment, Settling, succeed};

/// The first try, and everything after it.
pub(crate) fn call<'py>(
    run: &Bound<'py, Run>,
    args: Bound<'py, PyTuple>,
    kwargs: Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = run.py();
    let clock = run.get().start_clock(py)?;
    let mut state = CallState::begin(run, clock, args.clone(), kwargs.clone())?;
    let Run { target: Some(target), trigger, .. } = run.get() else {
        return Err(PyRuntimeError::new_err("a retry context cannot be called"));
    };
    let target = target.bind(py);
    loop {
        if let Some(settling) = state.before_try(py, run.get()) {
            settling.finish(py, run.get(), &mut state)?;
        }
        let outcome = state.within(py, || outside::call(target, &args, Some(&kwargs)));
        let value = match (outcome, trigger) {
            (Err(error), Trigger::Exception { exceptions, .. })
                if error.matches(py, exceptions)? =>
            {
                return resume(run, state, args, kwargs, error);
            }
            (Err(error), _) => return Err(error),
            (Ok(value), Trigger::Exception { .. }) => {
                state.settle_success(py, value.as_unbound())?;
                if run.get().tells_success() {
                    succeed(py, run.get(), &state, value.as_unbound())?;
                }
                return Ok(value);
            }
            (Ok(value), Trigger::Predicate(_)) => value,
        };
        let settling = Settling::new(Moment::Returned, value.clone().unbind());
        settling.finish(py, run.get(), &mut state)?;
        if state.next != Next::Again {
            return Ok(value);
        }
    }
}

/// What follows a first try that raised one of the exceptions.
pub(crate) fn recover<'py>(
    run: &Bound<'py, Run>,
    clock: Clock,
    args: Bound<'py, PyTuple>,
    kwargs: Bound<'py, PyDict>,
    error: PyErr,
) -> PyResult<Bound<'py, PyAny>> {
    let state = CallState::begin(run, clock, args.clone(), kwargs.clone())?;
    resume(run, state, args, kwargs, error)
}

/// What follows a first value that the predicate refuses.
pub(crate) fn refuse<'py>(
    run: &Bound<'py, Run>,
    clock: Clock,
    args: Bound<'py, PyTuple>,
    kwargs: Bound<'py, PyDict>,
    value: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = run.py();
    let mut state = CallState::begin(run, clock, args.clone(), kwargs.clone())?;
    let mut moment = Moment::Refused;
    let mut value = value;
    loop {
        let settling = Settling::new(moment, value.clone().unbind());
        settling.finish(py, run.get(), &mut state)?;
        let Some(target) = run.get().target.as_ref().filter(|_| state.next == Next::Again) else {
            return Ok(value);
        };
        value = state.within(py, || outside::call(target.bind(py), &args, Some(&kwargs)))?;
        moment = Moment::Returned;
    }
}

/// Goes on in Python, from the error of a try.
fn resume<'py>(
    run: &Bound<'py, Run>,
    state: CallState,
    args: Bound<'py, PyTuple>,
    kwargs: Bound<'py, PyDict>,
    error: PyErr,
) -> PyResult<Bound<'py, PyAny>> {
    let py = run.py();
    let Run { target, trigger: Trigger::Exception { exceptions, .. }, .. } = run.get() else {
        return Err(error);
    };
    let call = Bound::new(py, Call::new(run.clone().unbind(), state))?;
    let failure = Bound::new(py, Failure(Mutex::new(Some(error))))?;
    let resume = SYNC.get(py)?.getattr(intern!(py, "_resume"))?;
    let told_by = run.get();
    let told = told_by.tells_tries() || told_by.tells_success() || told_by.guards.is_some();
    let arguments = (call, failure, told, target, exceptions, args, kwargs).into_pyobject(py)?;
    outside::call(&resume, &arguments, None)
}

/// Raises the error of a try that was made in Rust: its context and traceback stay as they are.
#[pyclass(frozen, module = "rebackoff._native")]
pub(crate) struct Failure(Mutex<Option<PyErr>>);

#[pymethods]
impl Failure {
    fn __call__(&self) -> PyResult<()> {
        let mut error = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Err(error.take().unwrap_or_else(|| PyRuntimeError::new_err("this try was made already")))
    }
}
