//! From `CPython` 3.12 on, a call of a decorated function goes through Rust first.
//!
//! The interpreter calls a function through its `vectorcall` slot. Ours calls the target with the
//! very same arguments, where the function's own body would have to pack and unpack them. The
//! body stays what it is: everything else (names, signature, pickling, tracebacks of a debugger)
//! sees the Python function, and without the accelerator it is what runs.
//!
//! This is the one module of the project with unsafe code.
#![cfg_attr(Py_3_12, allow(unsafe_code))]

use pyo3::prelude::*;

use crate::run::Run;

/// Makes calls of `function` go through Rust: whether they do now.
///
/// They do not before `CPython` 3.12, and not where the environment says `REBACKOFF_ACCELERATOR=0`.
#[pyfunction]
pub(crate) fn accelerate(function: Bound<'_, PyAny>, run: Bound<'_, Run>) -> PyResult<bool> {
    if std::env::var_os("REBACKOFF_ACCELERATOR").is_some_and(|value| value == "0") {
        return Ok(false);
    }
    install(&function, &run)
}

#[cfg(not(all(Py_3_12, not(PyPy), not(GraalPy))))]
fn install(_: &Bound<'_, PyAny>, _: &Bound<'_, Run>) -> PyResult<bool> {
    Ok(false)
}

#[cfg(all(Py_3_12, not(PyPy), not(GraalPy)))]
use fast::install;

#[cfg(all(Py_3_12, not(PyPy), not(GraalPy)))]
mod fast {
    use std::ptr;
    use std::sync::OnceLock;

    use pyo3::exceptions::PyBaseException;
    use pyo3::ffi::{self, PyObject};
    use pyo3::prelude::*;
    use pyo3::types::{PyDict, PyString, PyTuple, PyType};

    use crate::accelerated;
    use crate::clock::Clock;
    use crate::run::{Run, Trigger};

    unsafe extern "C" {
        fn PyFunction_SetVectorcall(
            function: *mut ffi::PyFunctionObject,
            vectorcall: ffi::vectorcallfunc,
        );
    }

    /// What runs a function's body.
    static BODY: OnceLock<ffi::vectorcallfunc> = OnceLock::new();

    pub(super) fn install(function: &Bound<'_, PyAny>, run: &Bound<'_, Run>) -> PyResult<bool> {
        let legal = match &run.get().trigger {
            // Anything else is a TypeError of the `except` clause, which stays Python's to raise.
            Trigger::Exception { exceptions, .. } => {
                are_exceptions(exceptions.bind(function.py()))?
            }
            Trigger::Predicate(_) => true,
        };
        // SAFETY: the checks look at nothing that a function does not have.
        let is_function = unsafe { ffi::PyFunction_Check(function.as_ptr()) } != 0;
        if !legal || !is_function || run.get().is_async || !begins_with(function, run) {
            return Ok(false);
        }
        let function = function.as_ptr().cast::<ffi::PyFunctionObject>();
        // SAFETY: it is a function, and `call` finds in its closure what it looks for.
        unsafe {
            if let Some(body) = (*function).vectorcall {
                BODY.get_or_init(|| body);
            }
            PyFunction_SetVectorcall(function, call);
        }
        Ok(BODY.get().is_some())
    }

    /// Whether the first cell of the closure holds `run.begin`, where `run_of` looks for the run.
    fn begins_with(function: &Bound<'_, PyAny>, run: &Bound<'_, Run>) -> bool {
        let first = function
            .getattr("__closure__")
            .and_then(|cells| cells.get_item(0))
            .and_then(|cell| cell.getattr("cell_contents"));
        // SAFETY: the type is checked before the cast.
        first.is_ok_and(|begin| unsafe {
            ffi::PyCFunction_Check(begin.as_ptr()) != 0
                && ffi::PyCFunction_GET_SELF(begin.as_ptr()) == run.as_ptr()
        })
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
        let arguments = Arguments { values, nargsf, names };
        // SAFETY: the interpreter calls functions while the thread is attached to it, with
        // arguments that live until the call returns; `install` has checked the function.
        unsafe {
            let py = Python::assume_attached();
            let run = run_of(py, function);
            let Run { target: Some(target), trigger, .. } = run.get() else {
                return body(function, arguments);
            };
            if run.get().eager || !run.get().on_success.is_empty() {
                return whole_call(function, run, arguments);
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
            let value = ffi::PyObject_Vectorcall(target.as_ptr(), values, nargsf, names);
            match trigger {
                Trigger::Exception { exceptions, .. } => {
                    if !value.is_null() || ffi::PyErr_ExceptionMatches(exceptions.as_ptr()) == 0 {
                        return value;
                    }
                    after_error(run, clock, arguments)
                }
                Trigger::Predicate(predicate) => {
                    if value.is_null() {
                        return value;
                    }
                    let value = Bound::from_owned_ptr(py, value);
                    match predicate.bind_borrowed(py).call1((&value,)).and_then(|a| a.is_truthy()) {
                        Ok(true) => after_refusal(run, clock, arguments, value),
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

    /// # Safety
    ///
    /// `function` is one that `install` has accepted.
    unsafe fn run_of(py: Python<'_>, function: *mut PyObject) -> Borrowed<'_, '_, Run> {
        // SAFETY: `begins_with` has seen that all of this is there; a closure does not change, nor
        // does the cell, which nothing but the decorator can reach to assign.
        unsafe {
            let closure = ffi::PyFunction_GET_CLOSURE(function);
            let cell = ffi::PyTuple_GET_ITEM(closure, 0).cast::<ffi::PyCellObject>();
            let run = ffi::PyCFunction_GET_SELF((*cell).ob_ref);
            Borrowed::from_ptr(py, run).cast_unchecked()
        }
    }

    #[cold]
    unsafe fn after_error(
        run: Borrowed<'_, '_, Run>,
        clock: Clock,
        arguments: Arguments,
    ) -> *mut PyObject {
        let result = Python::try_attach(|py| {
            let error = PyErr::take(py)?;
            // SAFETY: as in `call`.
            let packed = unsafe { arguments.pack(py) };
            let run = run.to_owned();
            Some(given(
                py,
                packed.and_then(|(args, kwargs)| {
                    accelerated::recover(&run, clock, args, kwargs, error)
                }),
            ))
        });
        // Where the interpreter is about to end, the error that is set stands.
        result.flatten().unwrap_or(ptr::null_mut())
    }

    #[cold]
    unsafe fn after_refusal(
        run: Borrowed<'_, '_, Run>,
        clock: Clock,
        arguments: Arguments,
        value: Bound<'_, PyAny>,
    ) -> *mut PyObject {
        let last = value.clone();
        let result = Python::try_attach(|py| {
            // SAFETY: as in `call`.
            let packed = unsafe { arguments.pack(py) };
            let run = run.to_owned();
            given(
                py,
                packed.and_then(|(args, kwargs)| {
                    accelerated::refuse(&run, clock, args, kwargs, value.clone())
                }),
            )
        });
        result.unwrap_or_else(|| last.into_ptr())
    }

    unsafe fn whole_call(
        function: *mut PyObject,
        run: Borrowed<'_, '_, Run>,
        arguments: Arguments,
    ) -> *mut PyObject {
        let result = Python::try_attach(|py| {
            // SAFETY: as in `call`.
            let packed = unsafe { arguments.pack(py) };
            let run = run.to_owned();
            given(py, packed.and_then(|(args, kwargs)| accelerated::call(&run, args, kwargs)))
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
}
