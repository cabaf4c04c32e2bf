//! The dict that handlers get.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::call::CallState;
use crate::clock::Elapsed;
use crate::modules::COMMON;
use crate::run::{Run, Trigger};

/// The details of every event of a target, but for their values: copying it is cheaper than making it.
pub(crate) fn template(py: Python<'_>, target: &Py<PyAny>) -> PyResult<Py<PyDict>> {
    let details = PyDict::new(py);
    details.set_item("target", target)?;
    for key in ["args", "kwargs", "tries", "elapsed"] {
        details.set_item(PyString::intern(py, key), py.None())?;
    }
    Ok(details.unbind())
}

/// What every event's details hold: the target and its arguments (not in a retry context), tries, elapsed.
pub(crate) fn base<'py>(
    py: Python<'py>,
    run: &Run,
    call: &CallState,
    elapsed: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    let details = match &run.details {
        Some(template) => {
            let details = template.bind(py).copy()?;
            details.set_item(intern!(py, "args"), &call.args)?;
            details.set_item(intern!(py, "kwargs"), &call.kwargs)?;
            details
        }
        None => PyDict::new(py),
    };
    details.set_item(intern!(py, "tries"), call.engine.tries())?;
    details.set_item(intern!(py, "elapsed"), elapsed)?;
    Ok(details)
}

/// What the details of a try that ended hold as well, in backoff's order.
pub(crate) fn with_outcome<'py>(
    py: Python<'py>,
    run: &Run,
    call: &CallState,
    elapsed: &Elapsed<'py>,
    outcome: &Py<PyAny>,
    wait: Option<&Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let details = base(py, run, call, elapsed.shown(py))?;
    let by_predicate = matches!(run.trigger, Trigger::Predicate(_));
    if by_predicate {
        details.set_item(intern!(py, "value"), outcome)?;
    }
    if let Some(wait) = wait {
        details.set_item(intern!(py, "wait"), wait)?;
    }
    if !by_predicate {
        details.set_item(intern!(py, "exception"), outcome)?;
    }
    Ok(details)
}

/// What the details of a call without a try hold as well: there is no value, whoever has the word.
pub(crate) fn with_error<'py>(
    py: Python<'py>,
    run: &Run,
    call: &CallState,
    elapsed: &Elapsed<'py>,
    error: &Py<PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    let details = base(py, run, call, elapsed.shown(py))?;
    details.set_item(intern!(py, "exception"), error)?;
    Ok(details)
}

/// The same details, and the amplification where there is one.
pub(crate) fn with_amplification(
    details: Bound<'_, PyDict>,
    amplification: Option<u64>,
) -> PyResult<Bound<'_, PyDict>> {
    let Some(amplification) = amplification else {
        return Ok(details);
    };
    let name = intern!(details.py(), "amplification");
    with(details, name, amplification)
}

/// The same details with one more, that only those see who ask for it by name.
pub(crate) fn with<'py>(
    details: Bound<'py, PyDict>,
    name: &Bound<'py, PyString>,
    value: impl IntoPyObject<'py>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = details.py();
    let class = COMMON.get(py)?.getattr(intern!(py, "MoreDetails"))?;
    let details = if details.get_type().is(&class) {
        details
    } else {
        class.call1((details,))?.cast_into::<PyDict>()?
    };
    details.set_item(name, value)?;
    Ok(details)
}
