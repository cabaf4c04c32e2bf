//! The wait before the next try: raw, jittered, checked, and what the engine makes of it.

use pyo3::exceptions::{PyStopIteration, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use rebackoff_core::{NextWait, Seconds, Step, Verdict};

use super::{Settling, is_awaitable};
use crate::call::{CallState, CallWaits};
use crate::jitter::Jitter;
use crate::modules::{ASYNC, COMMON, SYNC};
use crate::run::Run;
use crate::seconds::{Amount, without_timedelta};
use crate::{outside, random};

/// Why the engine did not get a wait.
pub(super) enum Halt<'py> {
    Await(Bound<'py, PyAny>),
    Raise(PyErr),
}

impl From<PyErr> for Halt<'_> {
    fn from(error: PyErr) -> Self {
        Self::Raise(error)
    }
}

impl Settling {
    /// What the engine says of the outcome. `jittered` is the wait that has been awaited, if one was.
    pub(super) fn decide<'py>(
        &mut self,
        py: Python<'py>,
        run: &Run,
        call: &mut CallState,
        jittered: Option<Bound<'py, PyAny>>,
    ) -> Result<Step, Halt<'py>> {
        if self.verdict == Verdict::Retry && self.raw.is_none() {
            self.verdict = self.hint(py, run)?;
        }
        let CallState { engine, limits, waits, .. } = call;
        let (verdict, elapsed) = (self.verdict, self.elapsed);
        if let Some(step) = engine.handle_verdict(limits, verdict, elapsed) {
            return Ok(step);
        }
        let wait = match jittered {
            Some(jittered) => Some(jittered),
            None => self.jittered(py, run, waits, limits.max_time)?,
        };
        let wait = match wait {
            Some(wait) if run.is_async && is_awaitable(&wait)? => return Err(Halt::Await(wait)),
            Some(wait) => {
                let amount = self.checked(wait, run, || waits.name(py))?;
                self.wait_value = amount.value;
                self.wait = Some(amount.object.unbind());
                Some(NextWait::exact(Seconds::new(amount.value).unwrap_or(Seconds::ZERO)))
            }
            None => None,
        };
        let mut chance = random::Chance::new(py);
        let step = engine.handle_wait(limits, verdict, elapsed, wait, &mut chance);
        chance.result()?;
        Ok(step)
    }

    /// The next wait after jitter; `None` when the strategy has ended.
    fn jittered<'py>(
        &mut self,
        py: Python<'py>,
        run: &Run,
        waits: &mut CallWaits,
        max_time: Option<Seconds>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let outcome = self.outcome.bind(py).clone();
        if let Some(next_wait) = patched_next_wait(py, run)? {
            let elapsed = self.elapsed(py).shown(py);
            let max_time = max_time.map(Seconds::get);
            let arguments =
                (waits.as_generator(py)?, outcome, run.jitter.object(), elapsed, max_time);
            let arguments = arguments.into_pyobject(py)?;
            return outside::call(&next_wait, &arguments, None)
                .map(Some)
                .or_else(|error| ended(py, error));
        }
        let raw = match waits.next(&outcome) {
            Ok(Some(raw)) => without_timedelta(raw)?,
            Ok(None) => return Ok(None),
            Err(error) => return ended(py, error),
        };
        self.raw = Some(raw.clone().unbind());
        run.jitter.spread(&raw).map(Some).or_else(|error| ended(py, error))
    }

    /// An error that names its source, unless `wait` is zero or more.
    fn checked<'py>(
        &self,
        wait: Bound<'py, PyAny>,
        run: &Run,
        name: impl FnOnce() -> String,
    ) -> PyResult<Amount<'py>> {
        let shown = wait.clone();
        if let Some(amount) = Amount::read(wait)? {
            if amount.value >= 0.0 {
                return Ok(amount);
            }
            return Err(PyValueError::new_err(self.blame(shown, run, name)?));
        }
        Err(PyTypeError::new_err(self.blame(shown, run, name)?))
    }

    fn blame(
        &self,
        wait: Bound<'_, PyAny>,
        run: &Run,
        name: impl FnOnce() -> String,
    ) -> PyResult<String> {
        let py = wait.py();
        let raw = self.raw.as_ref().map(|raw| raw.bind(py).clone());
        let raw_is_good = match raw.map(Amount::read).transpose()?.flatten() {
            Some(raw) => raw.value >= 0.0,
            None => false,
        };
        let source = match &run.jitter {
            Jitter::Function(function) if raw_is_good => {
                format!("the jitter {}", function.bind(py).repr()?)
            }
            _ => name(),
        };
        Ok(format!(
            "a wait must be a number of seconds, 0 or more, but {source} gave {}",
            wait.repr()?
        ))
    }

    /// The verdict on a failure that `giveup` lets pass: with the wait it asks for, if any.
    fn hint(&self, py: Python<'_>, run: &Run) -> PyResult<Verdict> {
        let Some(hint) = &run.hint else {
            return Ok(Verdict::Retry);
        };
        let hint = outside::call1(hint.bind(py), self.outcome.bind(py))?;
        if hint.is_none() {
            return Ok(Verdict::Retry);
        }
        let shown = hint.clone();
        match Amount::read(hint)? {
            Some(amount) if amount.value < 0.0 => Ok(Verdict::Stop),
            Some(amount) if !amount.value.is_nan() => {
                Ok(Verdict::RetryAfter(Seconds::new(amount.value).unwrap_or(Seconds::ZERO)))
            }
            _ => Err(PyTypeError::new_err(format!(
                "hint must give a number of seconds, a timedelta, or None for no hint, but it gave {}",
                shown.repr()?
            ))),
        }
    }
}

/// `StopIteration` means that the strategy has ended.
fn ended<T>(py: Python<'_>, error: PyErr) -> PyResult<Option<T>> {
    if error.is_instance_of::<PyStopIteration>(py) { Ok(None) } else { Err(error) }
}

/// `_next_wait`, if somebody has replaced it.
fn patched_next_wait<'py>(py: Python<'py>, run: &Run) -> PyResult<Option<Bound<'py, PyAny>>> {
    static ORIGINAL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

    let own = if run.is_async { &ASYNC } else { &SYNC };
    let Some(next_wait) = own.namespace(py)?.get_item(intern!(py, "_next_wait"))? else {
        return Ok(None);
    };
    let original = ORIGINAL
        .get_or_try_init(py, || Ok::<_, PyErr>(COMMON.get(py)?.getattr("_next_wait")?.unbind()))?;
    Ok((!next_wait.is(original)).then_some(next_wait))
}
