//! `Breaker`: whether to call at all, learned from many calls.

use pyo3::prelude::*;
use rebackoff_core::{Breaker as Core, Jitter, Open, Seconds};
use rebackoff_shared::{Host, ShareOnHost};

use super::Held;
use super::budget::duration;
use super::fleet::Terms;
use super::permit::Permit;
use crate::words::{one_of, seconds};

/// The state of a breaker.
#[pyclass(frozen, module = "rebackoff._native")]
pub(crate) struct Breaker {
    pub(super) core: Held<Core>,
    /// The guards of its shared name that have other parameters, as they describe themselves.
    #[pyo3(get)]
    others: Vec<String>,
    /// A success is counted in a window, which needs the time.
    pub(super) has_rates: bool,
}

/// A permit, or the seconds until the next probe: infinite where the breaker is isolated.
#[derive(IntoPyObject)]
pub(crate) enum Admission {
    Permit(Permit),
    Rejected(f64),
}

#[pymethods]
impl Breaker {
    #[new]
    #[pyo3(signature = (
        *, consecutive=None, failure_rate=None, slow_rate=None, slow_after=None, window_calls=None, window_time=None,
        min_calls=None, open_for=None, growth=None, max_open_for=None, jitter=None, probes=None, close_after=None,
        probe_timeout=None, dry_run=false, shared=None, fleet=None
    ))]
    #[allow(clippy::too_many_arguments, reason = "options, by keyword")]
    fn new(
        consecutive: Option<u32>,
        failure_rate: Option<f64>,
        slow_rate: Option<f64>,
        slow_after: Option<f64>,
        window_calls: Option<u32>,
        window_time: Option<f64>,
        min_calls: Option<u32>,
        open_for: Option<f64>,
        growth: Option<f64>,
        max_open_for: Option<f64>,
        jitter: Option<&str>,
        probes: Option<u32>,
        close_after: Option<u32>,
        probe_timeout: Option<f64>,
        dry_run: bool,
        shared: Option<&str>,
        fleet: Option<Terms<'_>>,
    ) -> PyResult<Self> {
        let mut new = Core::builder().dry_run(dry_run);
        if let Some(count) = consecutive {
            new = new.consecutive(count);
        }
        if let Some(rate) = failure_rate {
            new = new.failure_rate(rate);
        }
        if let (Some(rate), Some(after)) = (slow_rate, slow_after) {
            new = new.slow_rate(rate, duration(after));
        }
        if let Some(count) = window_calls {
            new = new.window_calls(count);
        }
        if let Some(time) = window_time {
            new = new.window_time(duration(time));
        }
        if let Some(count) = min_calls {
            new = new.min_calls(count);
        }
        if let Some(time) = open_for {
            new = new.open_for(duration(time));
        }
        if let Some(growth) = growth {
            new = new.growth(growth);
        }
        if let Some(time) = max_open_for {
            new = new.max_open_for(duration(time));
        }
        if let Some(word) = jitter {
            let known = [Jitter::None, Jitter::Full, Jitter::Equal, Jitter::Random];
            new = new.jitter(one_of("jitter", word, &known.map(|one| (one.name(), one)))?);
        }
        if let Some(count) = probes {
            new = new.probes(count);
        }
        if let Some(count) = close_after {
            new = new.close_after(count);
        }
        if let Some(time) = probe_timeout {
            new = new.probe_timeout(duration(time));
        }
        let has_rates = failure_rate.is_some() || slow_rate.is_some();
        if let (Some(terms), Some(name)) = (fleet, shared) {
            return Ok(Self { core: terms.breaker(name, new)?, others: Vec::new(), has_rates });
        }
        let open = |name: &str, host: &Host| new.open_on(name, host);
        let (core, others) = Held::new(shared, || new.build(), open)?;
        Ok(Self { core, others, has_rates })
    }

    fn state(&self, now: f64) -> &'static str {
        self.core.state_at(|| seconds(now)).name()
    }

    #[getter]
    fn rejected(&self) -> u64 {
        self.core.rejected()
    }

    #[getter]
    fn opened(&self) -> u64 {
        self.core.opened()
    }

    #[getter]
    fn failures(&self) -> u64 {
        self.core.failures()
    }

    #[getter]
    fn dry_run(&self) -> bool {
        self.core.is_dry_run()
    }

    /// The counters of all processes that share it.
    #[getter]
    fn host_counts(&self) -> Vec<(&'static str, u64)> {
        self.core.host_counts()
    }

    /// Returns the seconds until the next probe where a call would be rejected: infinite where the
    /// breaker is isolated.
    fn check(&self, now: f64) -> Option<f64> {
        self.core.check_at(|| seconds(now)).err().map(retry_in)
    }

    /// Returns whether it goes on without the store of its fleet.
    #[getter]
    fn is_degraded(&self) -> bool {
        self.core.is_degraded()
    }

    fn admit(&self, py: Python<'_>, now: f64) -> Admission {
        let admitted = self.core.for_call(py).admit_at(|| seconds(now));
        self.core.notify();
        match admitted {
            Ok(permit) => Admission::Permit(Permit::new(self.core.clone(), permit, seconds(now))),
            Err(open) => Admission::Rejected(retry_in(open)),
        }
    }

    fn force_open(&self, now: f64) {
        self.core.force_open_at(|| seconds(now));
        self.core.notify();
    }

    fn isolate(&self) {
        self.core.isolate();
        self.core.notify();
    }

    fn reset(&self) {
        self.core.reset();
        self.core.notify();
    }

    fn __str__(&self) -> String {
        self.core.to_string()
    }
}

pub(super) fn retry_in(open: Open) -> f64 {
    open.retry_in.map_or(f64::INFINITY, Seconds::get)
}

/// The message of a rejection: None where the breaker is isolated.
#[pyfunction]
pub(crate) fn open_message(retry_in: Option<f64>) -> String {
    Open { retry_in: retry_in.map(seconds) }.to_string()
}
