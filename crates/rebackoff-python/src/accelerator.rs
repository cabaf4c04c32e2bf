//! From `CPython` 3.12 on, a call of a decorated function goes through Rust first.
//!
//! The interpreter calls a function through its `vectorcall` slot. Ours calls the target with the
//! very same arguments, where the function's own body would have to pack and unpack them. The
//! body stays what it is: everything else (names, signature, pickling, tracebacks of a debugger)
//! sees the Python function, and without the accelerator it is what runs.
//!
//! This module and `outside` are all of the project that has unsafe code.
#![allow(unsafe_code)]

#[cfg(accelerated)]
mod entrance;
#[cfg(accelerated)]
mod guard;
#[cfg(accelerated)]
mod vectorcall;
#[cfg(not(accelerated))]
mod versions;
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

#[cfg(not(accelerated))]
pub(crate) use versions::{changes, hush, is_quiet, stir, watch};
#[cfg(accelerated)]
pub(crate) use watch::{changes, hush, is_quiet, stir, watch};

/// A state of two namespaces: while it is the same, nothing in them has changed.
pub(crate) type Changes = [u64; 2];
