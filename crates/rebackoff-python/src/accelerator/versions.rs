//! Before `CPython` 3.12 no namespace can be watched, but each has a number that every change gives
//! a new value, one that no namespace had before (PEP 509).

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::Changes;

/// Whether nothing has changed since `hush`: that is not known.
pub(crate) fn is_quiet() -> bool {
    false
}

/// What the namespaces are like; `None` where that is not known.
#[cfg(not(any(PyPy, GraalPy)))]
#[inline]
pub(crate) fn changes(namespaces: [&Bound<'_, PyDict>; 2]) -> Option<Changes> {
    // SAFETY: they are dicts, which live as long as the borrows, and the thread is attached.
    Some(namespaces.map(|namespace| unsafe {
        (*namespace.as_ptr().cast::<pyo3::ffi::PyDictObject>()).ma_version_tag
    }))
}

#[cfg(any(PyPy, GraalPy))]
pub(crate) fn changes(_: [&Bound<'_, PyDict>; 2]) -> Option<Changes> {
    None
}

pub(crate) fn hush() {}

pub(crate) fn stir() {}

pub(crate) fn watch(_: &Bound<'_, PyDict>) {}
