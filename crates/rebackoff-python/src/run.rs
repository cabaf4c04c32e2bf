//! `Run`: everything that a decorator was told, read once.

use std::num::NonZeroU64;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use pyo3::{PyTraverseError, PyVisit};
use rebackoff_core::{Hints, LastWait, Nested, Seconds};

use crate::call::{Call, CallState};
use crate::clock::Clock;
use crate::details;
use crate::guards::Guards;
use crate::jitter::Jitter;
use crate::log::Log;
use crate::options::{self, Setting};
use crate::scope::Around;
use crate::telemetry;
use crate::waits::Waits;

/// What a decorator was told. One for each decorated function or retry context.
#[pyclass(frozen, module = "rebackoff._native")]
pub(crate) struct Run {
    /// `None` in a retry context, which has no target.
    pub(crate) target: Option<Py<PyAny>>,
    /// The details of every event, but for their values.
    pub(crate) details: Option<Py<PyDict>>,
    /// What makes a try a failure.
    pub(crate) trigger: Trigger,
    pub(crate) is_async: bool,
    pub(crate) hint: Option<Py<PyAny>>,
    pub(crate) hints: Hints,
    pub(crate) source: Source,
    pub(crate) jitter: Jitter,
    pub(crate) max_tries: Setting<Option<NonZeroU64>>,
    pub(crate) max_time: Setting<Option<Seconds>>,
    pub(crate) last_wait: LastWait,
    pub(crate) nested: Nested,
    pub(crate) guards: Option<Guards>,
    pub(crate) on_try: Vec<Py<PyAny>>,
    pub(crate) on_success: Vec<Py<PyAny>>,
    pub(crate) on_backoff: Vec<Py<PyAny>>,
    pub(crate) on_giveup: Vec<Py<PyAny>>,
    pub(crate) log: Option<Log>,
    /// Whether somebody asks for the time.
    #[pyo3(get)]
    pub(crate) timed: bool,
    /// Whether there is something to do before the first try, besides reading the clock.
    pub(crate) eager: bool,
}

pub(crate) enum Trigger {
    Exception {
        exceptions: Py<PyAny>,
        /// The exceptions without `BaseException`, if that is among them: it does not mean cancellation.
        narrow: Option<Py<PyAny>>,
        giveup: Option<Py<PyAny>>,
        raise_on_giveup: bool,
    },
    Predicate(Py<PyAny>),
}

/// Where the raw waits come from.
pub(crate) enum Source {
    /// A strategy of this package with known parameters.
    Configured(Py<Waits>),
    /// A function that makes a generator on each call, and its keywords.
    Made { function: Py<PyAny>, keywords: Py<PyDict> },
}

impl Source {
    fn is_decorrelated(&self) -> bool {
        matches!(self, Self::Configured(waits) if waits.get().strategy().name() == "decorrelated")
    }
}

#[pymethods]
impl Run {
    #[new]
    #[pyo3(signature = (
        *, target, is_async, trigger, narrow, giveup, raise_on_giveup, by_predicate, hint, hint_ceiling, hint_above,
        hint_spread, wait, wait_keywords, jitter, max_tries, max_time, last_wait, nested, budget, breaker, counts, on_try,
        on_success, on_backoff, on_giveup, logger, backoff_level, giveup_level
    ))]
    #[allow(
        clippy::too_many_arguments,
        clippy::fn_params_excessive_bools,
        reason = "the decorators' options, by keyword"
    )]
    fn new<'py>(
        target: Option<Py<PyAny>>,
        is_async: bool,
        trigger: Py<PyAny>,
        narrow: Option<Py<PyAny>>,
        giveup: Option<Py<PyAny>>,
        raise_on_giveup: bool,
        by_predicate: bool,
        hint: Option<Py<PyAny>>,
        hint_ceiling: Bound<'py, PyAny>,
        hint_above: Bound<'py, PyAny>,
        hint_spread: Bound<'py, PyAny>,
        wait: Bound<'py, PyAny>,
        wait_keywords: Option<Py<PyDict>>,
        jitter: Bound<'py, PyAny>,
        max_tries: Bound<'py, PyAny>,
        max_time: Bound<'py, PyAny>,
        last_wait: Bound<'py, PyAny>,
        nested: Bound<'py, PyAny>,
        budget: Option<Bound<'py, PyAny>>,
        breaker: Option<Bound<'py, PyAny>>,
        counts: Option<Bound<'py, PyAny>>,
        on_try: Vec<Py<PyAny>>,
        on_success: Vec<Py<PyAny>>,
        on_backoff: Vec<Py<PyAny>>,
        on_giveup: Vec<Py<PyAny>>,
        logger: Option<Py<PyAny>>,
        backoff_level: Py<PyAny>,
        giveup_level: Py<PyAny>,
    ) -> PyResult<Self> {
        let trigger = if by_predicate {
            Trigger::Predicate(trigger)
        } else {
            Trigger::Exception { exceptions: trigger, narrow, giveup, raise_on_giveup }
        };
        let source = match (wait.cast::<Waits>(), wait_keywords) {
            (Ok(waits), None) => Source::Configured(waits.clone().unbind()),
            (_, keywords) => Source::Made {
                function: wait.clone().unbind(),
                keywords: keywords.unwrap_or_else(|| PyDict::new(wait.py()).unbind()),
            },
        };
        let max_tries = Setting::read(max_tries, options::max_tries)?;
        let max_time = Setting::read(max_time, options::max_time)?;
        let last_wait = options::last_wait(&last_wait)?;
        let nested = options::nested(&nested)?;
        let guards = Guards::read(budget, breaker, counts)?;
        let unlimited = matches!(max_time, Setting::Known(None));
        let handlers = [&on_try, &on_success, &on_backoff, &on_giveup];
        let timed = !unlimited || handlers.iter().any(|handlers| !handlers.is_empty());
        let eager = max_tries.is_asked()
            || max_time.is_asked()
            || matches!(source, Source::Made { .. })
            || !on_try.is_empty()
            || guards.is_some();
        let jitter = read_jitter(jitter)?;
        let chance = jitter.object().is_some() || source.is_decorrelated();
        let hints = options::hints(&hint_ceiling, &hint_above, &hint_spread, chance)?;
        let py = wait.py();
        let details = target.as_ref().map(|target| details::template(py, target)).transpose()?;
        let log = logger.map(|logger| Log { logger, backoff_level, giveup_level });
        Ok(Self {
            target,
            details,
            trigger,
            is_async,
            hint,
            hints,
            source,
            jitter,
            max_tries,
            max_time,
            last_wait,
            nested,
            guards,
            on_try,
            on_success,
            on_backoff,
            on_giveup,
            log,
            timed,
            eager,
        })
    }

    /// Starts a call that `clock` was read for, or whose time nobody asks for.
    #[pyo3(signature = (args, kwargs, start=None))]
    pub(crate) fn begin<'py>(
        slf: &Bound<'py, Self>,
        args: Bound<'py, PyTuple>,
        kwargs: Bound<'py, PyDict>,
        start: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Call> {
        let clock = match start {
            Some(start) => Clock::started(&start)?,
            None => slf.get().start_clock(slf.py())?,
        };
        let state = CallState::begin(slf, clock, args, kwargs)?;
        Ok(Call::new(slf.clone().unbind(), state))
    }

    /// Whether there is more to do before the first try than to read the clock, or after a success.
    ///
    /// An async call with a limit or a handler shows itself to the tasks that it starts.
    #[getter]
    fn busy(&self) -> bool {
        self.eager || !self.on_success.is_empty() || (self.is_async && self.timed)
    }

    /// The seconds until the nearest deadline around the call that asks; its own is not one.
    fn remaining_outside(slf: &Bound<'_, Self>) -> PyResult<Option<f64>> {
        Ok(Around::find(slf.py(), Some(slf.get()), false)?.remaining.map(Seconds::get))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.target)?;
        visit.call(&self.details)?;
        match &self.trigger {
            Trigger::Exception { exceptions, narrow, giveup, .. } => {
                visit.call(exceptions)?;
                visit.call(narrow)?;
                visit.call(giveup)?;
            }
            Trigger::Predicate(predicate) => visit.call(predicate)?,
        }
        if let Some(guards) = &self.guards {
            guards.traverse(&visit)?;
        }
        visit.call(&self.hint)?;
        match &self.source {
            Source::Configured(waits) => visit.call(waits)?,
            Source::Made { function, keywords } => {
                visit.call(function)?;
                visit.call(keywords)?;
            }
        }
        visit.call(self.jitter.object())?;
        visit.call(self.max_tries.callable())?;
        visit.call(self.max_time.callable())?;
        for handlers in [&self.on_try, &self.on_success, &self.on_backoff, &self.on_giveup] {
            for handler in handlers {
                visit.call(handler)?;
            }
        }
        match &self.log {
            Some(log) => log.traverse(&visit),
            None => Ok(()),
        }
    }
}

impl Run {
    /// The clock of a call that begins now.
    pub(crate) fn start_clock(&self, py: Python<'_>) -> PyResult<Clock> {
        if self.timed || telemetry::is_on() { Clock::start(py) } else { Ok(Clock::Off) }
    }

    /// Whether somebody wants to be told of tries.
    #[inline]
    pub(crate) fn tells_tries(&self) -> bool {
        !self.on_try.is_empty() || telemetry::is_on()
    }

    /// Whether somebody wants to be told of successes.
    #[inline]
    pub(crate) fn tells_success(&self) -> bool {
        !self.on_success.is_empty() || telemetry::is_on()
    }

    pub(crate) fn in_context(&self) -> bool {
        self.target.is_none()
    }

    pub(crate) fn raises_on_giveup(&self) -> bool {
        matches!(self.trigger, Trigger::Exception { raise_on_giveup: true, .. })
    }
}

fn read_jitter(jitter: Bound<'_, PyAny>) -> PyResult<Jitter> {
    let py = jitter.py();
    if jitter.is_none() {
        return Ok(Jitter::None);
    }
    let own = py.import(intern!(py, "rebackoff._jitter"))?;
    let full = own.getattr(intern!(py, "full_jitter"))?;
    let kind = if jitter.is(&full) { Jitter::Full } else { Jitter::Function };
    Ok(kind(jitter.unbind()))
}
