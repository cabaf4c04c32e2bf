//! Seconds, as Python programs give them.

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt};
use rebackoff_core::Seconds;

/// The longest wait: `time.sleep` refuses anything longer (292 years).
pub(crate) const LONGEST_SLEEP: f64 = 9_223_372_036.0;

/// A number of seconds that stays the object it was: whole numbers stay `int`.
#[derive(Clone)]
pub(crate) struct Amount<'py> {
    pub(crate) object: Bound<'py, PyAny>,
    pub(crate) value: f64,
}

impl<'py> Amount<'py> {
    /// Reads a number or a `timedelta`; `None` when `object` is neither.
    pub(crate) fn read(object: Bound<'py, PyAny>) -> PyResult<Option<Self>> {
        if let Ok(float) = object.cast_exact::<PyFloat>() {
            let value = float.value();
            return Ok(Some(Self { object, value }));
        }
        if object.is_instance_of::<PyInt>() {
            let value = object.extract().unwrap_or_else(|_| infinity_of(&object));
            return Ok(Some(Self { object, value }));
        }
        if let Some(seconds) = object.getattr_opt(intern!(object.py(), "total_seconds"))? {
            let seconds = seconds.call0()?;
            let value = seconds.extract()?;
            return Ok(Some(Self { object: seconds, value }));
        }
        match object.extract() {
            Ok(value) => Ok(Some(Self { object, value })),
            Err(error) if error.is_instance_of::<PyTypeError>(object.py()) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The same object, if it still says `seconds`, or else a new `float`.
    pub(crate) fn or_else(self, seconds: Seconds) -> Bound<'py, PyAny> {
        let seconds = seconds.get().min(LONGEST_SLEEP);
        #[allow(
            clippy::float_cmp,
            reason = "the engine hands a number back unchanged or replaces it"
        )]
        if seconds == self.value {
            return self.object;
        }
        PyFloat::new(self.object.py(), seconds).into_any()
    }
}

/// `timedelta` becomes seconds; everything else stays as it is.
pub(crate) fn without_timedelta(object: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    if object.cast_exact::<PyFloat>().is_ok() || object.cast_exact::<PyInt>().is_ok() {
        return Ok(object);
    }
    match object.getattr_opt(intern!(object.py(), "total_seconds"))? {
        Some(seconds) => seconds.call0(),
        None => Ok(object),
    }
}

/// An `int` that is too long for a float.
fn infinity_of(int: &Bound<'_, PyAny>) -> f64 {
    if int.lt(0).unwrap_or(false) { f64::NEG_INFINITY } else { f64::INFINITY }
}
