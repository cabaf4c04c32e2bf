//! The vectorcall of decorated functions.

use std::ptr;
use std::sync::OnceLock;

use pyo3::exceptions::PyBaseException;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use pyo3::PyTypeInfo;

use super::guard::guarded;
use super::watch::{has_greenlets, watch_for_greenlets};
use crate::accelerated;
use crate::arities::Arities;
use crate::clock::Clock;
use crate::run::{Run, Trigger};
use crate::{outside, scope, telemetry};

unsafe extern "C" {
    fn PyFunction_SetVectorcall(
        function: *mut ffi::PyFunctionObject,
        vectorcall: ffi::vectorcallfunc,
    );
}

/// What runs a function's body.
static BODY: OnceLock<ffi::vectorcallfunc> = OnceLock::new();

pub(super) fn install(function: &Bound<'_, PyAny>, run: &Bound<'_, Run>) -> PyResult<bool> {
    // SAFETY: the check looks at nothing that an object does not have.
    if unsafe { ffi::PyFunction_Check(function.as_ptr()) } == 0 {
        return Ok(false);
    }
    watch_for_greenlets(function.py())?;
    let Some(entrance) = entrance(function) else {
        return Ok(false);
    };
    let vectorcall = if let Ok(arities) = entrance.cast::<Arities>() {
        for one in &arities.get().functions {
            for name in ["__name__", "__qualname__", "__module__"] {
                one.bind(function.py()).setattr(name, function.getattr(name)?)?;
            }
        }
        call_async
    } else if entrance.is(run) && !run.get().is_async && is_legal(function.py(), run.get())? {
        call
    } else {
        return Ok(false);
    };
    let function = function.as_ptr().cast::<ffi::PyFunctionObject>();
    // SAFETY: it is a function, and in its closure is what the vectorcall looks for.
    unsafe {
        if let Some(body) = (*function).vectorcall {
            BODY.get_or_init(|| body);
        }
        PyFunction_SetVectorcall(function, vectorcall);
    }
    Ok(BODY.get().is_some())
}

/// What the method in the first cell of the closure is bound to: a decorated function's own
/// `begin`, and with it all that a call has to know.
fn entrance<'py>(function: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
    let cell = function.getattr("__closure__").ok()?.get_item(0).ok()?;
    let begin = cell.getattr("cell_contents").ok()?;
    // SAFETY: the type is checked before the cast.
    unsafe {
        if ffi::PyCFunction_Check(begin.as_ptr()) == 0 {
            return None;
        }
        Bound::from_borrowed_ptr_or_opt(begin.py(), ffi::PyCFunction_GET_SELF(begin.as_ptr()))
    }
}

/// Whether the exceptions are some: anything else is a `TypeError` of the `except` clause,
/// which stays Python's to raise.
fn is_legal(py: Python<'_>, run: &Run) -> PyResult<bool> {
    match &run.trigger {
        Trigger::Exception { exceptions, .. } => are_exceptions(exceptions.bind(py)),
        Trigger::Predicate(_) => Ok(true),
    }
}

fn are_exceptions(kinds: &Bound<'_, PyAny>) -> PyResult<bool> {
    if let Ok(kinds) = kinds.cast::<PyTuple>() {
        for kind in kinds {
            if !are_exceptions(&kind)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    match kinds.cast::<PyType>() {
        Ok(kind) => kind.is_subclass_of::<PyBaseException>(),
        Err(_) => Ok(false),
    }
}

/// The arguments of a vectorcall.
#[derive(Clone, Copy)]
struct Arguments {
    values: *const *mut PyObject,
    nargsf: usize,
    names: *mut PyObject,
}

/// The vectorcall of decorated functions.
unsafe extern "C" fn call(
    function: *mut PyObject,
    values: *const *mut PyObject,
    nargsf: usize,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the interpreter calls functions while the thread is attached to it, with
    // arguments that live until the call returns; `install` has checked the function.
    guarded(|| unsafe { first_try(function, Arguments { values, nargsf, names }) })
}

/// # Safety
///
/// As in `call`.
#[inline]
unsafe fn first_try(function: *mut PyObject, arguments: Arguments) -> *mut PyObject {
    // SAFETY: the caller's.
    unsafe {
        let py = Python::assume_attached();
        // Owned: what runs meanwhile may put something else into the closure.
        let Some(run) = entrance_of::<Run>(py, function) else {
            return body(function, arguments);
        };
        let Run { target: Some(target), trigger, .. } = run.get() else {
            return body(function, arguments);
        };
        if has_greenlets() {
            return body(function, arguments);
        }
        if run.get().eager || run.get().tells_success() {
            return whole_call(function, &run, arguments);
        }
        let clock = if run.get().timed {
            match Clock::start(py) {
                Ok(clock) => clock,
                Err(error) => {
                    error.restore(py);
                    return ptr::null_mut();
                }
            }
        } else {
            Clock::Off
        };
        let Arguments { values, nargsf, names } = arguments;
        let max_time = run.get().max_time.known().flatten();
        let (value, clock) = scope::within(clock, max_time, 1, || {
            outside::vectorcall(target.as_ptr(), values, nargsf, names)
        });
        match trigger {
            Trigger::Exception { exceptions, .. } => {
                if !value.is_null() || ffi::PyErr_ExceptionMatches(exceptions.as_ptr()) == 0 {
                    return value;
                }
                after_error(&run, clock, arguments)
            }
            Trigger::Predicate(predicate) => {
                if value.is_null() {
                    return value;
                }
                let value = Bound::from_owned_ptr(py, value);
                match outside::call1(predicate.bind(py), &value).and_then(|a| a.is_truthy()) {
                    Ok(true) => after_refusal(&run, clock, arguments, value),
                    Ok(false) => value.into_ptr(),
                    Err(error) => {
                        error.restore(py);
                        ptr::null_mut()
                    }
                }
            }
        }
    }
}

/// The vectorcall of decorated coroutine functions: the one for so many arguments, if any.
unsafe extern "C" fn call_async(
    function: *mut PyObject,
    values: *const *mut PyObject,
    nargsf: usize,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as in `call`.
    guarded(|| unsafe {
        let py = Python::assume_attached();
        let accelerated = names.is_null() && !telemetry::is_on();
        if let Some(arities) = accelerated.then(|| entrance_of::<Arities>(py, function)).flatten() {
            let count = usize::try_from(ffi::PyVectorcall_NARGS(nargsf)).unwrap_or(usize::MAX);
            if let Some(one) = arities.get().functions.get(count) {
                return ffi::PyObject_Vectorcall(one.as_ptr(), values, nargsf, names);
            }
        }
        body(function, Arguments { values, nargsf, names })
    })
}

/// `None` where somebody has put something else into the cell since: a debugger may.
///
/// # Safety
///
/// `function` is one that `install` has accepted.
#[inline]
unsafe fn entrance_of<T: PyTypeInfo>(
    py: Python<'_>,
    function: *mut PyObject,
) -> Option<Bound<'_, T>> {
    // SAFETY: `entrance` has seen that there is a cell, and the closure of a function does not
    // change; what is in the cell is checked.
    unsafe {
        let closure = ffi::PyFunction_GET_CLOSURE(function);
        let cell = ffi::PyTuple_GET_ITEM(closure, 0).cast::<ffi::PyCellObject>();
        let begin = (*cell).ob_ref;
        if begin.is_null() || ffi::PyCFunction_CheckExact(begin) == 0 {
            return None;
        }
        let owner = Borrowed::from_ptr_or_opt(py, ffi::PyCFunction_GET_SELF(begin))?;
        owner.cast_exact::<T>().ok().map(Borrowed::to_owned)
    }
}

#[cold]
unsafe fn after_error(run: &Bound<'_, Run>, clock: Clock, arguments: Arguments) -> *mut PyObject {
    let result = Python::try_attach(|py| {
        let error = PyErr::take(py)?;
        // SAFETY: as in `call`.
        let packed = unsafe { arguments.pack(py) };
        Some(given(
            py,
            packed.and_then(|(args, kwargs)| accelerated::recover(run, clock, args, kwargs, error)),
        ))
    });
    // Where the interpreter is about to end, the error that is set stands.
    result.flatten().unwrap_or(ptr::null_mut())
}

#[cold]
unsafe fn after_refusal(
    run: &Bound<'_, Run>,
    clock: Clock,
    arguments: Arguments,
    value: Bound<'_, PyAny>,
) -> *mut PyObject {
    let last = value.clone();
    let result = Python::try_attach(|py| {
        // SAFETY: as in `call`.
        let packed = unsafe { arguments.pack(py) };
        given(
            py,
            packed.and_then(|(args, kwargs)| {
                accelerated::refuse(run, clock, args, kwargs, value.clone())
            }),
        )
    });
    result.unwrap_or_else(|| last.into_ptr())
}

unsafe fn whole_call(
    function: *mut PyObject,
    run: &Bound<'_, Run>,
    arguments: Arguments,
) -> *mut PyObject {
    let result = Python::try_attach(|py| {
        // SAFETY: as in `call`.
        let packed = unsafe { arguments.pack(py) };
        given(py, packed.and_then(|(args, kwargs)| accelerated::call(run, args, kwargs)))
    });
    // SAFETY: as in `call`.
    result.unwrap_or_else(|| unsafe { body(function, arguments) })
}

fn given(py: Python<'_>, result: PyResult<Bound<'_, PyAny>>) -> *mut PyObject {
    match result {
        Ok(value) => value.into_ptr(),
        Err(error) => {
            error.restore(py);
            ptr::null_mut()
        }
    }
}

unsafe fn body(function: *mut PyObject, arguments: Arguments) -> *mut PyObject {
    let Arguments { values, nargsf, names } = arguments;
    match BODY.get() {
        // SAFETY: it is what ran the function before.
        Some(body) => unsafe { body(function, values, nargsf, names) },
        None => ptr::null_mut(),
    }
}

impl Arguments {
    /// The arguments as a function's body gets them.
    ///
    /// # Safety
    ///
    /// They are those of a vectorcall that has not returned.
    unsafe fn pack(self, py: Python<'_>) -> PyResult<(Bound<'_, PyTuple>, Bound<'_, PyDict>)> {
        let kwargs = PyDict::new(py);
        // SAFETY: what the protocol of vectorcall says of its arguments.
        unsafe {
            let count = usize::try_from(ffi::PyVectorcall_NARGS(self.nargsf))?;
            let value = |n: usize| Borrowed::from_ptr(py, *self.values.add(n));
            if !self.names.is_null() {
                let names = Borrowed::from_ptr(py, self.names).cast_unchecked::<PyTuple>();
                for (n, name) in names.iter_borrowed().enumerate() {
                    kwargs.set_item(name.cast::<PyString>()?, value(count + n))?;
                }
            }
            Ok((PyTuple::new(py, (0..count).map(value))?, kwargs))
        }
    }
}
