//! The exporters that are told of every call, whatever its decorator says.
//!
//! While there are none, a call pays one relaxed load for them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::outside;

/// What handlers are told of.
#[derive(Clone, Copy)]
pub(crate) enum Event {
    Try,
    Backoff,
    Giveup,
    Success,
}

static IS_ON: AtomicBool = AtomicBool::new(false);
static EXPORTERS: Mutex<Option<Exporters>> = Mutex::new(None);

struct Exporters {
    tries: Py<PyTuple>,
    backoff: Py<PyTuple>,
    giveup: Py<PyTuple>,
    success: Py<PyTuple>,
}

/// Whether there are exporters.
#[inline]
pub(crate) fn is_on() -> bool {
    IS_ON.load(Ordering::Relaxed)
}

/// Tells the exporters. Their errors are not the call's: `sys.unraisablehook` gets them.
pub(crate) fn tell(event: Event, details: &Bound<'_, PyAny>) {
    if !is_on() {
        return;
    }
    let Some(handlers) = handlers(details.py(), event) else {
        return;
    };
    for handler in handlers.bind(details.py()) {
        if let Err(error) = outside::call1(&handler, details) {
            error.write_unraisable(details.py(), Some(&handler));
        }
    }
}

fn handlers(py: Python<'_>, event: Event) -> Option<Py<PyTuple>> {
    // Nothing is locked while Python code runs.
    let exporters = EXPORTERS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let exporters = exporters.as_ref()?;
    let handlers = match event {
        Event::Try => &exporters.tries,
        Event::Backoff => &exporters.backoff,
        Event::Giveup => &exporters.giveup,
        Event::Success => &exporters.success,
    };
    Some(handlers.clone_ref(py))
}

/// Sets the handlers that are told of every call. With none at all, nobody is told any more.
#[pyfunction]
#[pyo3(signature = (*, on_try, on_backoff, on_giveup, on_success))]
pub(crate) fn set_exporters(
    py: Python<'_>,
    on_try: Py<PyTuple>,
    on_backoff: Py<PyTuple>,
    on_giveup: Py<PyTuple>,
    on_success: Py<PyTuple>,
) {
    let all = [&on_try, &on_backoff, &on_giveup, &on_success];
    let any = all.iter().any(|handlers| !handlers.bind(py).is_empty());
    let new = any.then_some(Exporters {
        tries: on_try,
        backoff: on_backoff,
        giveup: on_giveup,
        success: on_success,
    });
    let old = {
        let mut exporters = EXPORTERS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        std::mem::replace(&mut *exporters, new)
    };
    IS_ON.store(any, Ordering::Relaxed);
    drop(old);
}
