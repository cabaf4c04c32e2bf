//! How a call finds what it has to know: through the `begin` in the function's closure.

use std::hint::assert_unchecked;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::PyTypeInfo;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;

use crate::arities::Arities;
use crate::run::Run;

/// A class whose `begin` is in the first cell of closures.
pub(super) trait Entrance: PyTypeInfo {
    /// What defines that method, once one has been found: whatever else is defined by it is bound to
    /// one of this class, too.
    fn begin() -> &'static AtomicPtr<ffi::PyMethodDef>;
}

impl Entrance for Run {
    #[inline]
    fn begin() -> &'static AtomicPtr<ffi::PyMethodDef> {
        static BEGIN: AtomicPtr<ffi::PyMethodDef> = AtomicPtr::new(ptr::null_mut());
        &BEGIN
    }
}

impl Entrance for Arities {
    #[inline]
    fn begin() -> &'static AtomicPtr<ffi::PyMethodDef> {
        static BEGIN: AtomicPtr<ffi::PyMethodDef> = AtomicPtr::new(ptr::null_mut());
        &BEGIN
    }
}

/// What the function's own `begin` is bound to, if it has such a one.
pub(super) fn find<'py, T: Entrance>(function: &Bound<'py, PyAny>) -> Option<Bound<'py, T>> {
    let cell = function.getattr("__closure__").ok()?.get_item(0).ok()?;
    let begin = cell.getattr("cell_contents").ok()?;
    let owner = begin.getattr("__self__").ok()?.cast_into_exact::<T>().ok()?;
    let definition = definition_of(&owner.as_any().getattr("begin").ok()?);
    if definition.is_null() || definition_of(&begin) != definition {
        return None;
    }
    T::begin().store(definition, Ordering::Relaxed);
    Some(owner)
}

/// The same for a function where it was found before; `None` where somebody has put something else
/// there since, as a debugger may. Owned, because that may happen in the midst of the call as well.
///
/// # Safety
///
/// `function` is one that `find` has found it in.
#[inline]
pub(super) unsafe fn of<T: Entrance>(
    py: Python<'_>,
    function: *mut PyObject,
) -> Option<Bound<'_, T>> {
    // SAFETY: `find` has seen the cell, and the closure of a function does not change; what is in
    // the cell is checked.
    unsafe {
        let closure = (*function.cast::<ffi::PyFunctionObject>()).func_closure;
        let cell = ffi::PyTuple_GET_ITEM(closure, 0).cast::<ffi::PyCellObject>();
        let begin = Borrowed::from_ptr_or_opt(py, (*cell).ob_ref)?;
        if definition_of(&begin) != T::begin().load(Ordering::Relaxed) {
            return None;
        }
        let owner = (*begin.as_ptr().cast::<ffi::PyCFunctionObject>()).m_self;
        assert_unchecked(!owner.is_null()); // a method is bound to something
        Some(Bound::from_borrowed_ptr(py, owner).cast_into_unchecked())
    }
}

/// What defines a builtin method; null for what is none.
#[inline]
fn definition_of(method: &Bound<'_, PyAny>) -> *mut ffi::PyMethodDef {
    // SAFETY: the type is checked before the cast.
    unsafe {
        if ffi::PyCFunction_CheckExact(method.as_ptr()) == 0 {
            return ptr::null_mut();
        }
        (*method.as_ptr().cast::<ffi::PyCFunctionObject>()).m_ml
    }
}
