//! What surrounds a call: the tries of other calls that it runs inside, and deadlines.
//!
//! It is looked for where a call fails, and where the target asks. A call that runs on this thread's
//! stack is found there, by the frame of its body (`stack`). So it costs a call next to nothing to be found. What is not on the
//! stack is in a context variable: async calls, which the tasks they start have to see, retry
//! contexts and `deadline()`.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::{PyTraverseError, PyVisit};
use rebackoff_core::Seconds;

use crate::clock::Clock;
use crate::run::Run;
use crate::seconds::Amount;
use crate::stack::{self, Found};

/// A call whose try is running, or a deadline.
pub(crate) struct Surrounding {
    pub(crate) clock: Clock,
    pub(crate) max_time: Option<Seconds>,
    /// The number of the try; 0 for a deadline.
    pub(crate) tries: u64,
}

/// Everything around a call, taken together.
#[derive(Clone, Copy)]
pub(crate) struct Around {
    /// What is left until the first of the deadlines.
    pub(crate) remaining: Option<Seconds>,
    /// The tries of the calls around, multiplied.
    pub(crate) amplification: u64,
    /// Whether there is a call around, or only a deadline.
    pub(crate) nested: bool,
}

impl Around {
    const NOTHING: Self = Self { remaining: None, amplification: 1, nested: false };

    /// What is around the code that runs now; without `own`, the call that asks, and without the
    /// frame that runs now, where that is its body.
    pub(crate) fn find(py: Python<'_>, own: Option<&Run>, frame_is_own: bool) -> PyResult<Self> {
        let mut around = Self::NOTHING;
        let mut own = own;
        around.find_in_frames(py, &mut own, frame_is_own)?;
        around.find_in_context(py, &mut own)?;
        Ok(around)
    }

    fn find_in_context(&mut self, py: Python<'_>, own: &mut Option<&Run>) -> PyResult<()> {
        let mut next = current(py)?;
        while let Some(scope) = next {
            let scope = scope.get();
            if !scope.run.as_ref().is_some_and(|run| is_own(own, run.get())) {
                self.add(py, &scope.surrounding(py))?;
            }
            next = scope.outer.as_ref().map(|outer| outer.bind(py).clone());
        }
        Ok(())
    }

    fn find_in_frames(
        &mut self,
        py: Python<'_>,
        own: &mut Option<&Run>,
        frame_is_own: bool,
    ) -> PyResult<()> {
        stack::calls(py, frame_is_own, |found| match found {
            Found::Call(call) => {
                // One that is borrowed is not in a try, but asks itself, or runs a handler.
                let surrounding = call.try_borrow().ok().and_then(|call| call.surrounding(py));
                surrounding.map_or(Ok(()), |surrounding| self.add(py, &surrounding))
            }
            Found::FirstTry(run, _) if is_own(own, run.get()) => Ok(()),
            Found::FirstTry(run, start) => {
                let max_time = run.get().max_time.known().flatten();
                let clock = start.map_or(Ok(Clock::Off), |start| Clock::started(&start))?;
                self.add(py, &Surrounding { clock, max_time, tries: 1 })
            }
        })
    }

    fn add(&mut self, py: Python<'_>, one: &Surrounding) -> PyResult<()> {
        if let Some(max_time) = one.max_time {
            let left = max_time.get() - one.clock.elapsed(py)?.seconds.get();
            let left = Seconds::new(left).unwrap_or(Seconds::ZERO);
            self.remaining = Some(self.remaining.map_or(left, |other| other.min(left)));
        }
        if one.tries > 0 {
            self.nested = true;
            self.amplification = self.amplification.saturating_mul(one.tries);
        }
        Ok(())
    }
}

/// Whether it is the innermost call of `own`, which is met once.
fn is_own(own: &mut Option<&Run>, run: &Run) -> bool {
    own.take_if(|own| std::ptr::eq(*own, run)).is_some()
}

/// A call or a deadline that a context variable holds.
#[pyclass(frozen, module = "rebackoff._native")]
pub(crate) struct Scope {
    outer: Option<Py<Scope>>,
    /// `None` for a deadline.
    run: Option<Py<Run>>,
    clock: Clock,
    max_time: Option<Seconds>,
    tries: AtomicU64,
    /// What gives the variable its value before.
    token: Mutex<Option<Py<PyAny>>>,
}

#[pymethods]
impl Scope {
    /// A deadline that many seconds from now.
    #[new]
    fn new(seconds: Bound<'_, PyAny>) -> PyResult<Self> {
        let py = seconds.py();
        match Amount::read(seconds.clone())? {
            Some(amount) if amount.value >= 0.0 => {
                let max_time = Seconds::new(amount.value);
                let deadline = Surrounding { clock: Clock::start(py)?, max_time, tries: 0 };
                Self::make(py, None, deadline)
            }
            Some(_) => Err(PyValueError::new_err(format!(
                "a deadline must be 0 seconds or more from now, but it is {}",
                seconds.repr()?
            ))),
            None => Err(PyTypeError::new_err(format!(
                "a deadline must be a number of seconds or a timedelta, but it is {}",
                seconds.repr()?
            ))),
        }
    }

    /// From now on, it is around everything in this context.
    pub(crate) fn enter(slf: &Bound<'_, Self>) -> PyResult<()> {
        let py = slf.py();
        let token = variable(py)?.call_method1(intern!(py, "set"), (slf,))?;
        *slf.get().token.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
            Some(token.unbind());
        Ok(())
    }

    /// It is around nothing any more.
    pub(crate) fn leave(&self, py: Python<'_>) {
        let token = self.token.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let (Some(token), Ok(variable)) = (token, variable(py)) {
            // A coroutine that is closed in another context than its own has left nothing there.
            drop(variable.call_method1(intern!(py, "reset"), (token,)));
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.outer)?;
        visit.call(&self.run)?;
        self.clock.traverse(&visit)
    }
}

impl Scope {
    pub(crate) fn make(
        py: Python<'_>,
        run: Option<Py<Run>>,
        surrounding: Surrounding,
    ) -> PyResult<Self> {
        let Surrounding { clock, max_time, tries } = surrounding;
        let outer = current(py)?.map(Bound::unbind);
        let tries = AtomicU64::new(tries);
        Ok(Self { outer, run, clock, max_time, tries, token: Mutex::new(None) })
    }

    fn surrounding(&self, py: Python<'_>) -> Surrounding {
        Surrounding {
            clock: self.clock.clone_ref(py),
            max_time: self.max_time,
            tries: self.tries.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn set_tries(&self, tries: u64) {
        self.tries.store(tries, Ordering::Relaxed);
    }
}

/// The seconds that are left to the code that runs now; None without a limit around it.
///
/// The least of `max_time` - elapsed of each call around, `timeout` - the time since it began of each try
/// around, and what is left of each `deadline()`.
#[pyfunction]
pub(crate) fn remaining(py: Python<'_>) -> PyResult<Option<f64>> {
    Ok(Around::find(py, None, false)?.remaining.map(Seconds::get))
}

fn current(py: Python<'_>) -> PyResult<Option<Bound<'_, Scope>>> {
    let current = variable(py)?.call_method0(intern!(py, "get"))?;
    Ok(if current.is_none() { None } else { Some(current.cast_into::<Scope>()?) })
}

fn variable(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static VARIABLE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let variable = VARIABLE.get_or_try_init(py, || {
        let class = py.import("_contextvars")?.getattr("ContextVar")?;
        let keywords = pyo3::types::PyDict::new(py);
        keywords.set_item("default", py.None())?;
        Ok::<_, PyErr>(class.call(("rebackoff",), Some(&keywords))?.unbind())
    })?;
    Ok(variable.bind(py))
}
