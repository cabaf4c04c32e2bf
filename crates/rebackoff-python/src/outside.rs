//! Calls of what is not ours, from which a thread may never come back.
//!
//! When a program ends, `CPython` before 3.14 ends each daemon thread where it next wants to run,
//! with `pthread_exit`, and that unwinds the thread's stack where the system is Linux. Frames of
//! Rust cannot be unwound by it: the program would abort, for a thread that does no more than wait
//! for its next try. So the thread stops here for good, as `CPython` 3.14 makes it do, and is gone
//! with the process.
#![allow(unsafe_code, reason = "PyO3's own calls must not be unwound")]

use std::hint::black_box;
use std::ptr;

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// `function()`.
pub(crate) fn call0<'py>(function: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: the thread is attached, as `function` proves; of no arguments none is read.
    unsafe {
        let given = vectorcall(function.as_ptr(), ptr::null(), 0, ptr::null_mut());
        Bound::from_owned_ptr_or_err(function.py(), given)
    }
}

/// `function(argument)`.
pub(crate) fn call1<'py>(
    function: &Bound<'py, PyAny>,
    argument: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    // What is called may put a `self` in front.
    let room = [ptr::null_mut(), argument.as_ptr()];
    // SAFETY: the thread is attached, and `room` outlives the call, as does what is in it.
    unsafe {
        let values = room.as_ptr().add(1);
        let count = 1 | ffi::PY_VECTORCALL_ARGUMENTS_OFFSET;
        let given = vectorcall(function.as_ptr(), values, count, ptr::null_mut());
        Bound::from_owned_ptr_or_err(function.py(), given)
    }
}

/// `function(*args, **kwargs)`.
pub(crate) fn call<'py>(
    function: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    type Call =
        unsafe extern "C-unwind" fn(*mut PyObject, *mut PyObject, *mut PyObject) -> *mut PyObject;

    let kwargs = kwargs.map_or(ptr::null_mut(), Bound::as_ptr);
    // SAFETY: the function is the one that is named, which may unwind; the thread is attached, and
    // the arguments are what it takes: a tuple, and a dict or null.
    unsafe {
        let call: Call = std::mem::transmute(black_box(ffi::PyObject_Call as *const ()));
        let given = here(|| call(function.as_ptr(), args.as_ptr(), kwargs));
        Bound::from_owned_ptr_or_err(function.py(), given)
    }
}

/// `PyObject_Vectorcall`.
///
/// # Safety
///
/// As for that: the thread is attached, `function` lives, and the arguments are as it says.
#[inline]
pub(crate) unsafe fn vectorcall(
    function: *mut PyObject,
    values: *const *mut PyObject,
    nargsf: usize,
    names: *mut PyObject,
) -> *mut PyObject {
    type Vectorcall = unsafe extern "C-unwind" fn(
        *mut PyObject,
        *const *mut PyObject,
        usize,
        *mut PyObject,
    ) -> *mut PyObject;

    // SAFETY: it is what the function itself is called by, or the function that is named; both may
    // unwind. The rest is the caller's.
    unsafe {
        let call: Vectorcall = match own_vectorcall(function) {
            Some(own) => std::mem::transmute::<ffi::vectorcallfunc, Vectorcall>(own),
            // The compiler must not see which function it is: it knows it as one that never unwinds.
            None => std::mem::transmute::<*const (), Vectorcall>(black_box(
                ffi::PyObject_Vectorcall as *const (),
            )),
        };
        here(|| call(function, values, nargsf, names))
    }
}

/// What `PyObject_Vectorcall` would call, where it has nothing else to do: a Python function's
/// result need not be checked.
#[cfg(not(any(PyPy, GraalPy)))]
#[inline]
unsafe fn own_vectorcall(function: *mut PyObject) -> Option<ffi::vectorcallfunc> {
    // SAFETY: the type is checked before the cast.
    unsafe {
        if ffi::PyFunction_Check(function) == 0 {
            return None;
        }
        (*function.cast::<ffi::PyFunctionObject>()).vectorcall
    }
}

#[cfg(any(PyPy, GraalPy))]
unsafe fn own_vectorcall(_: *mut PyObject) -> Option<ffi::vectorcallfunc> {
    None
}

/// Does not let the thread be unwound out of the call.
#[inline]
fn here<T>(call: impl FnOnce() -> T) -> T {
    let stop = Stop;
    let result = call();
    std::mem::forget(stop);
    result
}

/// Ends the thread's way, not the thread.
struct Stop;

impl Drop for Stop {
    fn drop(&mut self) {
        loop {
            std::thread::park();
        }
    }
}
