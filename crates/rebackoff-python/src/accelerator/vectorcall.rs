//! The vectorcall of decorated functions.

use std::ptr;
use std::sync::OnceLock;

use pyo3::exceptions::PyBaseException;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use super::entrance;
use super::guard::guarded;
use super::watch::watch_for_greenlets;
use crate::accelerated;
use crate::arities::Arities;
use crate::clock::Clock;
use crate::detours::{self, Detour};
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
    let vectorcall = if let Some(arities) = entrance::find::<Arities>(function) {
        for one in &arities.get().functions {
            for name in ["__name__", "__qualname__", "__module__"] {
                one.bind(function.py()).setattr(name, function.getattr(name)?)?;
            }
        }
        call_async
    } else if entrance::find::<Run>(function).is_some_and(|entrance| entrance.is(run))
        && !run.get().is_async
        && is_legal(function.py(), run.get())?
    {
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
    unsafe {
        let py = Python::assume_attached();
        let Some(run) = entrance::of::<Run>(py, function) else {
            return body(function, Arguments { values, nargsf, names });
        };
        let target = match &run.get().plain_target {
            Some(target) if !detours::are_needed() => target.as_ptr(),
            _ => {
                return first_try(function, run.as_borrowed(), Arguments { values, nargsf, names });
            }
        };
        let value = scope::within_untimed(|| outside::vectorcall(target, values, nargsf, names));
        match run.get().trigger {
            Trigger::Exception { .. } if !value.is_null() => value,
            _ => {
                after_try(run.as_borrowed(), Clock::Off, Arguments { values, nargsf, names }, value)
            }
        }
    }
}

/// The first try, where it is more than a call of the target.
///
/// # Safety
///
/// As in `call`.
#[inline(never)]
unsafe fn first_try(
    function: *mut PyObject,
    run: Borrowed<'_, '_, Run>,
    arguments: Arguments,
) -> *mut PyObject {
    // SAFETY: the caller's.
    guarded(|| unsafe {
        let target = match &run.get().target {
            Some(target) if !Detour::Greenlets.is_needed() => target.as_ptr(),
            _ => return body(function, arguments),
        };
        if run.get().eager || run.get().tells_success() {
            return whole_call(function, &run, arguments);
        }
        let clock = match run.get().start_clock(run.py()) {
            Ok(clock) => clock,
            Err(error) => {
                error.restore(run.py());
                return ptr::null_mut();
            }
        };
        let Arguments { values, nargsf, names } = arguments;
        let max_time = run.get().max_time.known().flatten();
        let (value, clock) = scope::within(clock, max_time, 1, || {
            outside::vectorcall(target, values, nargsf, names)
        });
        after_try(run, clock, arguments, value)
    })
}

/// What the first try comes to; `value` is what the target gave, or null with its error.
///
/// # Safety
///
/// As in `call`.
#[inline(never)]
unsafe fn after_try(
    run: Borrowed<'_, '_, Run>,
    clock: Clock,
    arguments: Arguments,
    value: *mut PyObject,
) -> *mut PyObject {
    let py = run.py();
    // SAFETY: the caller's.
    guarded(|| unsafe {
        match &run.get().trigger {
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
    })
}

/// The vectorcall of decorated coroutine functions: the one for so many arguments, if any.
unsafe extern "C" fn call_async(
    function: *mut PyObject,
    values: *const *mut PyObject,
    nargsf: usize,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as in `call`.
    unsafe {
        let py = Python::assume_attached();
        let accelerated = names.is_null() && !telemetry::is_on();
        if let Some(arities) = accelerated.then(|| entrance::of::<Arities>(py, function)).flatten()
        {
            let count = usize::try_from(ffi::PyVectorcall_NARGS(nargsf)).unwrap_or(usize::MAX);
            if let Some(one) = arities.get().functions.get(count) {
                return outside::vectorcall(one.as_ptr(), values, nargsf, names);
            }
        }
        body(function, Arguments { values, nargsf, names })
    }
}

#[cold]
#[inline(never)]
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
