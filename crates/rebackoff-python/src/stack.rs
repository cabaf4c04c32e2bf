//! The calls on this thread's stack, found by the frames of their bodies in Python.

use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyFrame, PyFrameMethods};

use crate::call::Call;
use crate::modules::STACK;
use crate::run::Run;

/// What the frame of a body stands for.
pub(crate) enum Found<'py> {
    /// A call that has failed before.
    Call(Bound<'py, Call>),
    /// The first try of one, and what the clock said, if anybody asked.
    FirstTry(Bound<'py, Run>, Option<Bound<'py, PyAny>>),
}

/// Shows each to `look`, the innermost first; without the frame that runs now, where that is the
/// body that asks.
pub(crate) fn calls<'py>(
    py: Python<'py>,
    asked_by_body: bool,
    mut look: impl FnMut(Found<'py>) -> PyResult<()>,
) -> PyResult<()> {
    let bodies = bodies(py)?;
    let mut next = running(py)?;
    if asked_by_body {
        next = next.and_then(|frame| frame.outer());
    }
    while let Some(frame) = next {
        let code = frame.code();
        if let Ok(n) = bodies.binary_search_by_key(&code.as_ptr().addr(), |body| body.code) {
            if let Some(found) = stands_for(&frame, bodies[n].begins_late)? {
                look(found)?;
            }
        }
        next = frame.outer();
    }
    Ok(())
}

fn stands_for<'py>(frame: &Bound<'py, PyFrame>, begins_late: bool) -> PyResult<Option<Found<'py>>> {
    if let Some(call) = variable(frame, "call")? {
        return Ok(call.cast_into().ok().map(Found::Call));
    }
    let Some(begin) = (if begins_late { variable(frame, "begin")? } else { None }) else {
        return Ok(None);
    };
    let run = begin.getattr(intern!(frame.py(), "__self__"))?.cast_into()?;
    Ok(Some(Found::FirstTry(run, variable(frame, "start")?)))
}

/// A variable of the frame; `None` where it is none, or has no value yet.
#[cfg(Py_3_12)]
fn variable<'py>(frame: &Bound<'py, PyFrame>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    use pyo3::exceptions::PyNameError;

    let name = std::ffi::CString::new(name)?;
    match frame.var(&name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_none())),
        Err(error) if error.is_instance_of::<PyNameError>(frame.py()) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(not(Py_3_12))]
fn variable<'py>(frame: &Bound<'py, PyFrame>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    let names = frame.getattr(intern!(frame.py(), "f_locals"))?;
    let names = names.cast_into::<pyo3::types::PyDict>()?;
    let value = names.get_item(name)?;
    // The frame keeps this dict, and with it the error, whose traceback keeps the frame.
    names.clear();
    Ok(value.filter(|value| !value.is_none()))
}

/// The frame that runs now; `None` where a thread has none.
fn running(py: Python<'_>) -> PyResult<Option<Bound<'_, PyFrame>>> {
    static GET_FRAME: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let get_frame = GET_FRAME
        .get_or_try_init(py, || Ok::<_, PyErr>(py.import("sys")?.getattr("_getframe")?.unbind()))?;
    match get_frame.bind(py).call0() {
        Ok(frame) => Ok(frame.cast_into().ok()),
        Err(error) if error.is_instance_of::<PyValueError>(py) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What there is to know of the code of a body.
struct Body {
    /// Where it is; `rebackoff._stack` keeps it there.
    code: usize,
    /// Whether its first try comes before there is a `Call`.
    begins_late: bool,
}

/// All of them, in order.
fn bodies(py: Python<'_>) -> PyResult<&'static [Body]> {
    static BODIES: PyOnceLock<Vec<Body>> = PyOnceLock::new();
    let bodies = BODIES.get_or_try_init(py, || {
        let mut bodies = Vec::new();
        for body in STACK.get(py)?.getattr("BODIES")?.try_iter()? {
            let (code, begins_late): (Bound<'_, PyAny>, bool) = body?.extract()?;
            bodies.push(Body { code: code.as_ptr().addr(), begins_late });
        }
        bodies.sort_unstable_by_key(|body| body.code);
        Ok::<_, PyErr>(bodies)
    })?;
    Ok(bodies)
}
