//! The clock of one call.
//!
//! `time.monotonic`, looked up at call time; read without Python where it is provably the
//! original. Tests that patch only `datetime.datetime` (backoff 2 read it) are obeyed as well.

use std::sync::LazyLock;
use std::time::Instant;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyFloat, PyModule, PyString};
use pyo3::{PyTraverseError, PyVisit};
use rebackoff_core::Seconds;

use crate::modules::{self, SYNC};
use crate::seconds::Amount;

/// The clock that a call started on; it ends on the same.
pub(crate) enum Clock {
    /// Nobody asks for the time.
    Off,
    /// The original `time.monotonic`, but for its origin; what it said at the start.
    Native(f64),
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

/// The start of a call on a patched clock.
#[pyclass(frozen, module = "rebackoff._native")]
pub(crate) struct Start(Clock);

/// Reads the clock at the start of a call: what `Run.begin` takes.
#[pyfunction]
pub(crate) fn clock(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    match Clock::start(py)? {
        Clock::Native(start) => Ok(PyFloat::new(py, start).into_any()),
        patched => Ok(Bound::new(py, Start(patched))?.into_any()),
    }
}

impl Clock {
    #[inline]
    pub(crate) fn start(py: Python<'_>) -> PyResult<Self> {
        if Originals::get(py)?.are_in_place(py)? {
            return Ok(Self::Native(now()));
        }
        Self::start_patched(py)
    }

    #[cold]
    fn start_patched(py: Python<'_>) -> PyResult<Self> {
        let monotonic = modules::time(intern!(py, "monotonic"))?;
        if !Originals::get(py)?.is_monotonic(&monotonic) {
            return Ok(Self::Patched(monotonic.call0()?.unbind()));
        }
        Ok(Self::Calendar(calendar_now(py)?.unbind()))
    }

    /// What `clock` returned at the start of the call.
    pub(crate) fn started(start: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(start) = start.cast_exact::<PyFloat>() {
            return Ok(Self::Native(start.value()));
        }
        let py = start.py();
        Ok(start.cast::<Start>()?.get().0.clone_ref(py))
    }

    pub(crate) fn clone_ref(&self, py: Python<'_>) -> Self {
        match self {
            Self::Off => Self::Off,
            Self::Native(start) => Self::Native(*start),
            Self::Patched(start) => Self::Patched(start.clone_ref(py)),
            Self::Calendar(start) => Self::Calendar(start.clone_ref(py)),
        }
    }

    pub(crate) fn elapsed<'py>(&self, py: Python<'py>) -> PyResult<Elapsed<'py>> {
        let object = match self {
            Self::Off => return Ok(Elapsed { seconds: Seconds::ZERO, object: None }),
            Self::Native(start) => {
                let seconds = Seconds::new(now() - start).unwrap_or(Seconds::ZERO);
                return Ok(Elapsed { seconds, object: None });
            }
            Self::Patched(start) => {
                let monotonic = modules::time(intern!(py, "monotonic"))?;
                monotonic.call0()?.sub(start.bind(py))?
            }
            Self::Calendar(start) => {
                let elapsed = calendar_now(py)?.sub(start.bind(py))?;
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

/// `time.monotonic()`, read without Python where it is provably the original.
pub(crate) fn monotonic(py: Python<'_>) -> PyResult<Seconds> {
    static ORIGIN: PyOnceLock<f64> = PyOnceLock::new();
    let originals = Originals::get(py)?;
    if !originals.monotonic_is_in_place(py)? {
        let now = modules::time(intern!(py, "monotonic"))?.call0()?;
        return Ok(Seconds::new(now.extract()?).unwrap_or(Seconds::ZERO));
    }
    // Patched or not, the clock has one origin: guards outlive a patch.
    let origin = ORIGIN.get_or_try_init(py, || {
        let monotonic = modules::time(intern!(py, "monotonic"))?;
        Ok::<_, PyErr>(monotonic.call0()?.extract::<f64>()? - now())
    })?;
    Ok(Seconds::new(origin + now()).unwrap_or(Seconds::ZERO))
}

/// Seconds on a monotonic clock.
fn now() -> f64 {
    static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    ORIGIN.elapsed().as_secs_f64()
}

/// `datetime.datetime.now()`, as `_sync` sees it.
fn calendar_now(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let datetime = intern!(py, "datetime");
    SYNC.get(py)?.getattr(datetime)?.getattr(datetime)?.call_method0(intern!(py, "now"))
}

/// What the clock modules are born with, and where the world replaces it.
struct Originals {
    sync: Py<PyDict>,
    time: Py<PyModule>,
    in_time: Py<PyDict>,
    /// `None` when it was replaced before the first look.
    monotonic: Option<Py<PyAny>>,
    datetime: PyOnceLock<Datetime>,
}

struct Datetime {
    module: Py<PyAny>,
    in_module: Py<PyDict>,
    class: Py<PyAny>,
}

impl Originals {
    fn get(py: Python<'_>) -> PyResult<&'static Self> {
        static ORIGINALS: PyOnceLock<Originals> = PyOnceLock::new();
        ORIGINALS.get_or_try_init(py, || Self::find(py))
    }

    fn find(py: Python<'_>) -> PyResult<Self> {
        let time = py.import("time")?;
        let monotonic = time.getattr("monotonic")?;
        let builtin = monotonic.get_type().name()? == "builtin_function_or_method";
        Ok(Self {
            sync: SYNC.namespace(py)?.clone().unbind(),
            in_time: time.dict().unbind(),
            time: time.unbind(),
            monotonic: builtin.then(|| monotonic.unbind()),
            datetime: PyOnceLock::new(),
        })
    }

    fn is_monotonic(&self, function: &Bound<'_, PyAny>) -> bool {
        self.monotonic.as_ref().is_some_and(|monotonic| function.is(monotonic))
    }

    /// Whether nobody has replaced anything that tells the time.
    #[inline]
    fn are_in_place(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.monotonic_is_in_place(py)? && self.datetime_is_in_place(py)?)
    }

    fn monotonic_is_in_place(&self, py: Python<'_>) -> PyResult<bool> {
        let Some(monotonic) = &self.monotonic else {
            return Ok(false);
        };
        Ok(holds(self.sync.bind(py), intern!(py, "time"), self.time.as_any())?
            && holds(self.in_time.bind(py), intern!(py, "monotonic"), monotonic)?)
    }

    fn datetime_is_in_place(&self, py: Python<'_>) -> PyResult<bool> {
        let name = intern!(py, "datetime");
        let datetime = if let Some(datetime) = self.datetime.get(py) {
            datetime
        } else {
            let Some(module) = modules::imported(name)? else {
                return Ok(true);
            };
            let class = py.import("_datetime")?.getattr(name)?.unbind();
            let in_module = module.getattr("__dict__")?.cast_into::<PyDict>()?;
            let (module, in_module) = (module.unbind(), in_module.unbind());
            self.datetime.get_or_init(py, || Datetime { module, in_module, class })
        };
        let seen = self.sync.bind(py).get_item(name)?;
        Ok(seen.is_none_or(|seen| seen.is(&datetime.module))
            && holds(datetime.in_module.bind(py), name, &datetime.class)?)
    }
}

fn holds<'py>(
    namespace: &Bound<'py, PyDict>,
    name: &Bound<'py, PyString>,
    original: &Py<PyAny>,
) -> PyResult<bool> {
    Ok(namespace.get_item(name)?.is_some_and(|object| object.is(original)))
}
