//! The switches behind `rebackoff.testing`.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use pyo3::prelude::*;
use pyo3::types::PyList;
use rebackoff_core::Seconds;

static DISABLED: AtomicBool = AtomicBool::new(false);
static NO_WAIT: AtomicBool = AtomicBool::new(false);
/// Nanoseconds of all waits that nobody slept.
static SKIPPED: AtomicU64 = AtomicU64::new(0);
static WAITS: Mutex<Option<Py<PyList>>> = Mutex::new(None);

/// Whether failures are final.
pub(crate) fn is_disabled() -> bool {
    DISABLED.load(Ordering::Relaxed)
}

/// The time by which the clock of budgets and breakers is ahead, because nobody slept that long.
#[inline]
pub(crate) fn skipped() -> Seconds {
    match SKIPPED.load(Ordering::Relaxed) {
        0 => Seconds::ZERO,
        nanos => Seconds::from_duration(std::time::Duration::from_nanos(nanos)),
    }
}

/// Whether nobody sleeps, in which case the wait, of so many seconds, goes into the list that was asked
/// for, and passes for budgets and breakers.
pub(crate) fn record(wait: &Bound<'_, PyAny>, seconds: Seconds) -> PyResult<bool> {
    if !NO_WAIT.load(Ordering::Relaxed) {
        return Ok(false);
    }
    SKIPPED.fetch_add(seconds.to_nanos(), Ordering::Relaxed);
    let py = wait.py();
    let waits = WAITS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let waits = waits.as_ref().map(|waits| waits.clone_ref(py));
    if let Some(waits) = waits {
        waits.bind(py).append(wait)?;
    }
    Ok(true)
}

/// Makes failures final, or not. Returns what was so before.
#[pyfunction]
pub(crate) fn set_disabled(disabled: bool) -> bool {
    DISABLED.swap(disabled, Ordering::Relaxed)
}

/// Sets the list that takes the waits in place of sleeping, if any. Returns the one before.
#[pyfunction]
pub(crate) fn set_waits(waits: Option<Py<PyList>>) -> Option<Py<PyList>> {
    NO_WAIT.store(waits.is_some(), Ordering::Relaxed);
    let mut current = WAITS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    std::mem::replace(&mut *current, waits)
}
