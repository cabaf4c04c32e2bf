//! `Breaker`: whether to call at all, learned from many calls.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use rebackoff_core::{Breaker as Core, Health, Jitter, Open, Permit as CorePermit, Seconds};

use super::permit::Permit;
use super::ticks::Ticks;
use super::{count, duration, refused};
use crate::modules::GUARDS;

/// A circuit breaker: whether to call at all, learned from many calls. Shared by threads, tasks and
/// event loops; no call waits for another.
///
/// It opens after `consecutive` failures in a row (5); or, where they are given, when
/// `failure_rate` of the calls in the window failed, or `slow_rate` of them took longer than
/// `slow_after` seconds. The window is the last `window_time` seconds (10) or `window_calls`, and
/// counts from `min_calls` (20) on. It stays open for `open_for` seconds (30), times `growth` (1)
/// for each re-opening, at most `max_open_for`, spread by `jitter` ("none", "full", "equal").
/// Then `probes` calls (1) may try at once, each for `probe_timeout` seconds (30) at most; after
/// `close_after` successes it closes. With `metrics_only`, it rejects nothing and only counts.
#[pyclass(frozen, module = "rebackoff")]
pub(crate) struct Breaker {
    pub(super) core: Core,
    /// Whether it asks how long calls took.
    pub(super) is_timed: bool,
}

#[pymethods]
impl Breaker {
    #[new]
    #[pyo3(signature = (
        *, consecutive=None, failure_rate=None, slow_rate=None, slow_after=None, window_calls=None, window_time=None,
        min_calls=None, open_for=None, growth=None, max_open_for=None, jitter=None, probes=None, close_after=None,
        probe_timeout=None, metrics_only=false
    ))]
    #[allow(clippy::too_many_arguments, reason = "options, by keyword")]
    fn new<'py>(
        consecutive: Option<Bound<'py, PyAny>>,
        failure_rate: Option<f64>,
        slow_rate: Option<f64>,
        slow_after: Option<Bound<'py, PyAny>>,
        window_calls: Option<Bound<'py, PyAny>>,
        window_time: Option<Bound<'py, PyAny>>,
        min_calls: Option<Bound<'py, PyAny>>,
        open_for: Option<Bound<'py, PyAny>>,
        growth: Option<f64>,
        max_open_for: Option<Bound<'py, PyAny>>,
        jitter: Option<&str>,
        probes: Option<Bound<'py, PyAny>>,
        close_after: Option<Bound<'py, PyAny>>,
        probe_timeout: Option<Bound<'py, PyAny>>,
        metrics_only: bool,
    ) -> PyResult<Self> {
        let mut new = Core::builder().metrics_only(metrics_only);
        if let Some(value) = consecutive {
            new = new.consecutive(count("consecutive", &value)?);
        }
        if let Some(rate) = failure_rate {
            new = new.failure_rate(rate);
        }
        let is_timed = match (slow_rate, slow_after) {
            (Some(rate), Some(after)) => {
                new = new.slow_rate(rate, duration("slow_after", &after)?);
                true
            }
            (None, None) => false,
            _ => {
                let rule = "slow_rate and slow_after need each other: what share of the calls may take longer than so long";
                return Err(PyTypeError::new_err(rule));
            }
        };
        if let Some(value) = window_calls {
            new = new.window_calls(count("window_calls", &value)?);
        }
        if let Some(value) = window_time {
            new = new.window_time(duration("window_time", &value)?);
        }
        if let Some(value) = min_calls {
            new = new.min_calls(count("min_calls", &value)?);
        }
        if let Some(value) = open_for {
            new = new.open_for(duration("open_for", &value)?);
        }
        if let Some(growth) = growth {
            new = new.growth(growth);
        }
        if let Some(value) = max_open_for {
            new = new.max_open_for(duration("max_open_for", &value)?);
        }
        if let Some(jitter) = jitter {
            new = new.jitter(read_jitter(jitter)?);
        }
        if let Some(value) = probes {
            new = new.probes(count("probes", &value)?);
        }
        if let Some(value) = close_after {
            new = new.close_after(count("close_after", &value)?);
        }
        if let Some(value) = probe_timeout {
            new = new.probe_timeout(duration("probe_timeout", &value)?);
        }
        Ok(Self { core: new.build().map_err(refused)?, is_timed })
    }

    /// `"closed"`, `"open"`, `"half_open"` or `"isolated"`.
    #[getter]
    fn state(&self, py: Python<'_>) -> PyResult<&'static str> {
        let ticks = Ticks::new(py);
        let state = self.core.state(|| ticks.now()).name();
        ticks.done(state)
    }

    /// How many calls were rejected; with `metrics_only`, how many would have been.
    #[getter]
    fn rejected(&self) -> u64 {
        self.core.rejected()
    }

    /// How often it opened.
    #[getter]
    fn opened(&self) -> u64 {
        self.core.opened()
    }

    /// How many failures it took notice of.
    #[getter]
    fn failures(&self) -> u64 {
        self.core.failures()
    }

    /// Whether it rejects nothing and only counts.
    #[getter]
    fn metrics_only(&self) -> bool {
        self.core.is_metrics_only()
    }

    /// Raises `CircuitOpenError` if `admit` would. It takes and counts nothing.
    fn check(&self, py: Python<'_>) -> PyResult<()> {
        self.peek(py)?.map_or(Ok(()), |open| Err(open_error(py, open)))
    }

    /// Asks for a call; the decorators do so by themselves. The permit is a context manager, or
    /// takes what the call came to by `settle`.
    ///
    /// Raises `CircuitOpenError` when the target is not to be called.
    fn admit(slf: &Bound<'_, Self>) -> PyResult<Permit> {
        let py = slf.py();
        let (permit, began) = slf.get().ask(py)?.map_err(|open| open_error(py, open))?;
        Ok(Permit::new(slf.clone().unbind(), permit, began))
    }

    /// Opens it now, for `open_for` seconds.
    fn force_open(&self, py: Python<'_>) -> PyResult<()> {
        let ticks = Ticks::new(py);
        self.core.force_open(|| ticks.now());
        ticks.done(())
    }

    /// Rejects every call, until `reset` or `force_open`.
    fn isolate(&self) {
        self.core.isolate();
    }

    /// Closes it, with nothing counted.
    fn reset(&self) {
        self.core.reset();
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<Breaker {}: {}>", self.core, self.state(py)?))
    }
}

impl Breaker {
    /// A permit with the time at which its call begins, if that counts; or that it is open.
    #[inline]
    pub(super) fn ask(&self, py: Python<'_>) -> PyResult<Result<(CorePermit, Seconds), Open>> {
        let ticks = Ticks::new(py);
        let admitted = self.core.admit(|| ticks.now());
        let began = if self.is_timed { ticks.now() } else { Seconds::ZERO };
        ticks.done(admitted.map(|permit| (permit, began)))
    }

    #[inline]
    pub(super) fn settle(
        &self,
        py: Python<'_>,
        permit: CorePermit,
        health: Health,
        began: Seconds,
    ) -> PyResult<()> {
        let ticks = Ticks::new(py);
        let took = || ticks.now().saturating_sub(began);
        self.core.settle(permit, health, took, || ticks.now(), &mut &ticks);
        ticks.done(())
    }

    pub(super) fn peek(&self, py: Python<'_>) -> PyResult<Option<Open>> {
        let ticks = Ticks::new(py);
        let open = self.core.check(|| ticks.now()).err();
        ticks.done(open)
    }
}

/// `CircuitOpenError`, with the time until the next probe.
pub(super) fn open_error(py: Python<'_>, open: Open) -> PyErr {
    let error = || {
        let class = GUARDS.get(py)?.getattr("CircuitOpenError")?;
        class.call1((open.to_string(), open.retry_in.map(Seconds::get)))
    };
    error().map_or_else(|error| error, PyErr::from_value)
}

/// Whether the outcome says that a breaker let no call through.
pub(super) fn is_rejection(outcome: &Bound<'_, PyAny>) -> PyResult<bool> {
    let class = GUARDS.get(outcome.py())?.getattr("CircuitOpenError")?;
    outcome.is_instance(&class)
}

fn read_jitter(name: &str) -> PyResult<Jitter> {
    let known = [Jitter::None, Jitter::Full, Jitter::Equal, Jitter::Random];
    known.into_iter().find(|jitter| jitter.name() == name).ok_or_else(|| {
        let rule = "jitter must be 'none', 'full', 'equal' or 'random'";
        PyValueError::new_err(format!("{rule}, but it is '{name}'"))
    })
}
