//! The clock of one call.
//!
//! `time.monotonic`, looked up at call time; read without Python where it is provably the
//! original. Tests that patch only `datetime.datetime` (backoff 2 read it) are obeyed as well.

use std::time::Instant;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyFloat;
use pyo3::{PyTraverseError, PyVisit};
use rebackoff_core::Seconds;

use crate::modules;
use crate::seconds::Amount;

/// The clock that a call started on; it ends on the same.
pub(crate) enum Clock {
    /// Nobody asks for the time.
    Off,
    Native(Instant),
    /// A patched `time.monotonic`, and what it said at the start.
    Patched(Py<PyAny>),
    /// A patched `datetime.datetime`, and what it said at the start.
    Calendar(Py<PyAny>),
}

/// The time since the first try started.
pub(crate) struct Elapsed<'py> {
    pub(crate) seconds: Seconds,
    /// What the details say: a `float`, unless a patched clock says otherwise.
    pub(crate) object: Option<Bound<'py, PyAny>>,
}

impl Clock {
    #[inline]
    pub(crate) fn start(py: Python<'_>) -> PyResult<Self> {
        let time = modules::time(py)?;
        let monotonic = time.getattr(intern!(py, "monotonic"))?;
        if !is_original(&monotonic)? {
            return Ok(Self::Patched(monotonic.call0()?.unbind()));
        }
        match patched_datetime(py)? {
            Some(datetime) => Ok(Self::Calendar(now(&datetime)?.unbind())),
            None => Ok(Self::Native(Instant::now())),
        }
    }

    pub(crate) fn elapsed<'py>(&self, py: Python<'py>) -> PyResult<Elapsed<'py>> {
        let object = match self {
            Self::Off => return Ok(Elapsed { seconds: Seconds::ZERO, object: None }),
            Self::Native(start) => {
                let value = start.elapsed().as_secs_f64();
                let seconds = Seconds::new(value).unwrap_or(Seconds::ZERO);
                return Ok(Elapsed { seconds, object: None });
            }
            Self::Patched(start) => {
                let monotonic = modules::time(py)?.getattr(intern!(py, "monotonic"))?;
                monotonic.call0()?.sub(start.bind(py))?
            }
            Self::Calendar(start) => {
                let datetime = patched_datetime(py)?.map_or_else(|| real_datetime(py), Ok)?;
                let elapsed = now(&datetime)?.sub(start.bind(py))?;
                elapsed.call_method0(intern!(py, "total_seconds"))?
            }
        };
        let value = Amount::read(object.clone())?.map_or(0.0, |amount| amount.value);
        // A clock that goes backwards has not moved.
        let seconds = Seconds::new(value).unwrap_or(Seconds::ZERO);
        Ok(Elapsed { seconds, object: Some(object) })
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Self::Patched(start) | Self::Calendar(start) => visit.call(start),
            Self::Off | Self::Native(_) => Ok(()),
        }
    }
}

impl<'py> Elapsed<'py> {
    pub(crate) fn shown(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        match &self.object {
            Some(object) => object.clone(),
            None => PyFloat::new(py, self.seconds.get()).into_any(),
        }
    }
}

/// Whether `monotonic` is the function that the module `time` is born with.
fn is_original(monotonic: &Bound<'_, PyAny>) -> PyResult<bool> {
    static ORIGINAL: PyOnceLock<Option<Py<PyAny>>> = PyOnceLock::new();
    let py = monotonic.py();
    let original = ORIGINAL.get_or_try_init(py, || {
        let found = py.import("time")?.getattr("monotonic")?;
        let builtin = found.get_type().name()? == "builtin_function_or_method";
        Ok::<_, PyErr>(builtin.then(|| found.unbind()))
    })?;
    Ok(original.as_ref().is_some_and(|original| monotonic.is(original)))
}

/// The module `datetime`, if somebody has replaced it or its class `datetime`.
fn patched_datetime(py: Python<'_>) -> PyResult<Option<Bound<'_, PyAny>>> {
    let name = intern!(py, "datetime");
    let Some(module) = modules::imported(name)? else {
        return Ok(None);
    };
    let seen = modules::SYNC.held(name)?.unwrap_or_else(|| module.clone());
    if !seen.is(&module) {
        return Ok(Some(seen));
    }
    let class = module.getattr(name)?;
    Ok((!is_original_datetime(&class)?).then_some(module))
}

fn is_original_datetime(class: &Bound<'_, PyAny>) -> PyResult<bool> {
    static ORIGINAL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = class.py();
    if let Some(original) = ORIGINAL.get(py) {
        return Ok(class.is(original));
    }
    let original = py.import("_datetime")?.getattr("datetime")?;
    let same = class.is(&original);
    if same {
        let _ = ORIGINAL.set(py, original.unbind());
    }
    Ok(same)
}

fn real_datetime(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    Ok(py.import(intern!(py, "datetime"))?.into_any())
}

fn now<'py>(datetime: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = datetime.py();
    datetime.getattr(intern!(py, "datetime"))?.call_method0(intern!(py, "now"))
}
