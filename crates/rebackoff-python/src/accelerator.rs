//! From `CPython` 3.12 on, a call of a decorated function goes through Rust first.
//!
//! The interpreter calls a function through its `vectorcall` slot. Ours calls the target with the
//! very same arguments, where the function's own body would have to pack and unpack them. The
//! body stays what it is: everything else (names, signature, pickling, tracebacks of a debugger)
//! sees the Python function, and without the accelerator it is what runs.
//!
//! This module and `outside` are all of the project that has unsafe code.
#![cfg_attr(accelerated, allow(unsafe_code))]

#[cfg(accelerated)]
mod guard;
#[cfg(accelerated)]
mod vectorcall;
#[cfg(accelerated)]
mod watch;

use pyo3::prelude::*;

use crate::run::Run;

/// Whether calls go through Rust.
///
/// They do not before `CPython` 3.12, and not where the environment says `REBACKOFF_ACCELERATOR=0`.
#[pyfunction]
pub(crate) fn is_accelerated() -> bool {
    cfg!(accelerated) && std::env::var_os("REBACKOFF_ACCELERATOR").is_none_or(|value| value != "0")
}

/// Makes calls of `function` go through Rust, where that is possible: whether they do now.
#[pyfunction]
pub(crate) fn accelerate(function: Bound<'_, PyAny>, run: Bound<'_, Run>) -> PyResult<bool> {
    if is_accelerated() { install(&function, &run) } else { Ok(false) }
}

#[cfg(accelerated)]
use vectorcall::install;

#[cfg(not(accelerated))]
fn install(_: &Bound<'_, PyAny>, _: &Bound<'_, Run>) -> PyResult<bool> {
    Ok(false)
}

#[cfg(accelerated)]
pub(crate) use watch::{changes, hush, is_quiet, stir, watch};

/// Where no namespace can be watched, every look has to be a new one.
#[cfg(not(accelerated))]
mod unwatched {
    use pyo3::prelude::*;
    use pyo3::types::PyDict;

    pub(crate) fn is_quiet() -> bool {
        false
    }

    pub(crate) fn changes() -> Option<u64> {
        None
    }

    pub(crate) fn hush() {}

    pub(crate) fn stir() {}

    pub(crate) fn watch(_: &Bound<'_, PyDict>) {}
}

#[cfg(not(accelerated))]
pub(crate) use unwatched::{changes, hush, is_quiet, stir, watch};
