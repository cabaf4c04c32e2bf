//! What spreads a raw wait.

use pyo3::exceptions::{PyDeprecationWarning, PyTypeError};
use pyo3::prelude::*;

use crate::options::takes;
use crate::{outside, random};

/// The jitter of a decorator.
pub(crate) enum Jitter {
    None,
    /// `full_jitter`, done here.
    Full(Py<PyAny>),
    /// A function of the caller's, or one of this package that needs no hurry.
    Function(Py<PyAny>),
}

impl Jitter {
    pub(crate) fn object(&self) -> Option<&Py<PyAny>> {
        match self {
            Self::None => None,
            Self::Full(function) | Self::Function(function) => Some(function),
        }
    }

    /// The wait that `raw` becomes. On an async target it may be something to be awaited.
    pub(crate) fn spread<'py>(&self, raw: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = raw.py();
        match self {
            Self::None => Ok(raw.clone()),
            Self::Full(_) => random::up_to(raw),
            Self::Function(function) => {
                let function = function.bind(py);
                outside::call1(function, raw).or_else(|error| {
                    let nullary = error.is_instance_of::<PyTypeError>(py)
                        && !takes(function, 1)?
                        && takes(function, 0)?;
                    if nullary { without_argument(function, raw) } else { Err(error) }
                })
            }
        }
    }
}

/// The jitter functions of backoff before 1.2 take no argument and give what to add.
fn without_argument<'py>(
    function: &Bound<'py, PyAny>,
    raw: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let message =
        c"Nullary jitter function signature is deprecated. Use unary signature accepting a \
        wait value in seconds and returning a jittered version of it.";
    let category = raw.py().get_type::<PyDeprecationWarning>();
    PyErr::warn(raw.py(), category.as_any(), message, 1)?;
    raw.add(outside::call0(function)?)
}
