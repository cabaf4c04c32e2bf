//! Namespaces that are watched: whether anything in them has changed since somebody looked.

use std::ffi::c_int;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::Changes;
use crate::detours::Detour;
use crate::modules;

type OnChange = unsafe extern "C" fn(c_int, *mut PyObject, *mut PyObject, *mut PyObject) -> c_int;

unsafe extern "C" {
    fn PyDict_AddWatcher(on_change: OnChange) -> c_int;
}

static QUIET: AtomicBool = AtomicBool::new(false);
static BLIND: AtomicBool = AtomicBool::new(false);
static CHANGES: AtomicU64 = AtomicU64::new(0);

/// Whether nothing has changed since `hush`.
#[inline]
pub(crate) fn is_quiet() -> bool {
    QUIET.load(Ordering::Acquire)
}

/// Says that somebody is about to look.
pub(crate) fn hush() {
    QUIET.store(!BLIND.load(Ordering::Acquire), Ordering::Release);
}

/// Says that the next look has to be a new one.
pub(crate) fn stir() {
    QUIET.store(false, Ordering::Release);
}

/// How many changes there have been, in whichever namespace; `None` where not all of them are seen.
#[inline]
pub(crate) fn changes(_: [&Bound<'_, PyDict>; 2]) -> Option<Changes> {
    (!BLIND.load(Ordering::Acquire)).then(|| [CHANGES.load(Ordering::Acquire), 0])
}

/// Watches the namespace: its changes will `stir`. Where that is not possible, it is never quiet again.
pub(crate) fn watch(namespace: &Bound<'_, PyDict>) {
    static WATCHER: OnceLock<c_int> = OnceLock::new();
    // SAFETY: the thread is attached, and the callback lives as long as the program.
    let watched = unsafe {
        let watcher = *WATCHER.get_or_init(|| PyDict_AddWatcher(on_change));
        watcher >= 0 && ffi::PyDict_Watch(watcher, namespace.as_ptr()) == 0
    };
    if !watched {
        // An interpreter has only so many watchers.
        drop(PyErr::take(namespace.py()));
        BLIND.store(true, Ordering::Release);
        stir();
    }
}

unsafe extern "C" fn on_change(
    _: c_int,
    _: *mut PyObject,
    key: *mut PyObject,
    _: *mut PyObject,
) -> c_int {
    CHANGES.fetch_add(1, Ordering::Release);
    stir();
    // SAFETY: the key is null or an object that lives.
    let is_greenlet = unsafe {
        !key.is_null()
            && ffi::PyUnicode_Check(key) != 0
            && ffi::PyUnicode_CompareWithASCIIString(key, c"greenlet".as_ptr()) == 0
    };
    if is_greenlet {
        Detour::Greenlets.set(true);
    }
    0
}

/// Sees to it that the detour around greenlets is taken from when they come.
pub(crate) fn watch_for_greenlets(py: Python<'_>) -> PyResult<()> {
    static WATCHED: OnceLock<()> = OnceLock::new();
    if WATCHED.set(()).is_ok() {
        let modules = modules::loaded(py)?;
        if modules.contains("greenlet")? {
            Detour::Greenlets.set(true);
        }
        watch(modules);
    }
    Ok(())
}
