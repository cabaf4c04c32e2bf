//! `Engine`: the core's, with the limits of its call.

use std::num::NonZeroU64;

use pyo3::prelude::*;
use pyo3::types::PyFloat;
use rebackoff_core::{
    Above, Engine as Core, Hints, LastWait, Limits as CoreLimits, Nested, NextWait, Seconds, Step,
    Verdict,
};

use crate::words::{Drawn, one_of, seconds};

/// The longest wait that `time.sleep` takes: 292 years.
const LONGEST_SLEEP: f64 = 9_223_372_036.0;

/// The limits of a decorator: how many tries, how long, and which hints are obeyed.
#[pyclass(frozen, module = "rebackoff._native")]
pub(crate) struct Limits(CoreLimits);

#[pymethods]
impl Limits {
    #[new]
    #[pyo3(signature = (
        *, max_tries, max_time, last_wait, nested, hint_ceiling, hint_above, hint_spread
    ))]
    fn new(
        max_tries: Option<u64>,
        max_time: Option<f64>,
        last_wait: &str,
        nested: &str,
        hint_ceiling: Option<f64>,
        hint_above: &str,
        hint_spread: f64,
    ) -> PyResult<Self> {
        let last_waits = [LastWait::Shorten, LastWait::Stop].map(|one| (one.name(), one));
        let nestings = [Nested::Allow, Nested::Once].map(|one| (one.name(), one));
        let above = [Above::GiveUp, Above::Cap].map(|one| (one.name(), one));
        Ok(Self(CoreLimits {
            max_tries: max_tries.and_then(NonZeroU64::new),
            max_time: max_time.map(seconds),
            last_wait: one_of("last_wait", last_wait, &last_waits)?,
            nested: one_of("nested", nested, &nestings)?,
            hints: Hints {
                ceiling: hint_ceiling.map_or(Seconds::MAX, seconds),
                above: one_of("hint_above", hint_above, &above)?,
                spread: hint_spread,
            },
            reset_after: None,
        }))
    }

    /// The engine of a call whose first try has begun.
    fn begin(&self) -> Engine {
        let mut core = Core::new();
        core.handle_try();
        Engine { limits: self.0, core, verdict: Verdict::Accept, elapsed: Seconds::ZERO }
    }
}

/// One call's progress: it decides after each try, in two halves with the wait strategy between them.
#[pyclass(module = "rebackoff._native")]
pub(crate) struct Engine {
    limits: CoreLimits,
    core: Core,
    verdict: Verdict,
    elapsed: Seconds,
}

/// A wait, or the reason to give up.
#[derive(IntoPyObject)]
pub(crate) enum Answer {
    Wait(f64),
    GiveUp(&'static str),
}

#[pymethods]
impl Engine {
    /// The most tries of the call.
    #[getter]
    fn max_tries(&self) -> Option<u64> {
        self.limits.max_tries.map(NonZeroU64::get)
    }

    /// The most seconds that the call may take, enclosing deadlines included.
    #[getter]
    fn max_time(&self) -> Option<f64> {
        self.limits.max_time.map(Seconds::get)
    }

    /// Replaces the limits, for the decisions from now on.
    fn set_limits(&mut self, limits: &Bound<'_, Limits>) {
        self.limits = limits.get().0;
    }

    /// Limits the call to what enclosing calls leave: `remaining` seconds, `elapsed` after its start.
    fn handle_enclosing(&mut self, remaining: Option<f64>, elapsed: f64, is_nested: bool) {
        let nested = if is_nested { self.limits.nested } else { Nested::Allow };
        let limits = CoreLimits { nested, ..self.limits };
        self.limits = limits.inside(remaining.map(seconds), seconds(elapsed));
    }

    /// Takes the verdict on a failed try. Returns the reason to give up; None asks for a wait.
    ///
    /// A negative hint means now, since clocks differ; minus infinity is an order to stop.
    #[pyo3(signature = (elapsed, gives_up=false, hint=None))]
    fn handle_verdict(
        &mut self,
        elapsed: f64,
        gives_up: bool,
        hint: Option<f64>,
    ) -> Option<&'static str> {
        self.elapsed = seconds(elapsed);
        self.verdict = match hint {
            _ if gives_up => Verdict::GiveUp,
            None => Verdict::Retry,
            Some(f64::NEG_INFINITY) => Verdict::Stop,
            Some(hint) => Verdict::RetryAfter(seconds(hint)),
        };
        match self.core.handle_verdict(&self.limits, self.verdict, self.elapsed) {
            Some(Step::GiveUp { reason, .. }) => Some(reason.as_str()),
            _ => None,
        }
    }

    /// Returns whether a draw is needed to spread the hint.
    fn wants_draw(&self) -> bool {
        let hints = self.limits.hints;
        self.verdict.hint().is_some_and(|hint| hint.min(hints.ceiling).get() * hints.spread > 0.0)
    }

    /// Takes the wait after jitter where that is an exact float of 0 or more, and the engine retries.
    /// Otherwise returns None, and `handle_wait` is to be asked.
    fn handle_exact_wait(&mut self, wait: &Bound<'_, PyAny>) -> Option<f64> {
        let wait = wait.cast_exact::<PyFloat>().ok()?.value();
        match (wait >= 0.0).then(|| self.handle_wait(Some(wait), 0.0))? {
            Answer::Wait(wait) => Some(wait),
            Answer::GiveUp(_) => None,
        }
    }

    /// Takes the wait after jitter, None where the strategy has ended. Returns the wait to make, or
    /// the reason to give up.
    #[pyo3(signature = (wait, draw=0.0))]
    fn handle_wait(&mut self, wait: Option<f64>, draw: f64) -> Answer {
        let Self { limits, core, verdict, elapsed } = self;
        let wait = wait.map(|wait| NextWait::exact(seconds(wait)));
        match core.handle_wait(limits, *verdict, *elapsed, wait, &mut Drawn::new(draw)) {
            Step::GiveUp { reason, .. } => Answer::GiveUp(reason.as_str()),
            Step::Retry { wait, .. } => {
                // The next try begins after the wait, in Python.
                core.handle_try();
                Answer::Wait(wait.get().min(LONGEST_SLEEP))
            }
            Step::Accept => Answer::Wait(0.0),
        }
    }
}
