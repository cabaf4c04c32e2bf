//! Panics stop here: what the interpreter calls may raise, but not unwind into it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use pyo3::ffi::PyObject;
use pyo3::panic::PanicException;
use pyo3::prelude::*;

/// What `body` returns; a panic in it becomes Python's `PanicException`, as in the functions that `PyO3` makes.
#[inline]
pub(super) fn guarded(body: impl FnOnce() -> *mut PyObject) -> *mut PyObject {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(raise)
}

#[cold]
fn raise(payload: Box<dyn Any + Send>) -> *mut PyObject {
    let message = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(message), _) => (*message).to_owned(),
        (None, Some(message)) => message.clone(),
        (None, None) => "panic from Rust code".to_owned(),
    };
    Python::try_attach(|py| PanicException::new_err(message).restore(py));
    ptr::null_mut()
}
