//! What one call does with its budget and its breaker.
//!
//! The breaker is asked at the door, before the first try. Each try's outcome is settled. Before a
//! retry the breaker is looked at, then the budget pays; after the wait the breaker is asked again.

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyTuple, PyType};
use pyo3::{PyTraverseError, PyVisit};
use rebackoff_core::{Cost, Health, Permit, Reason, Seconds, Withdrawal};

use super::breaker::{is_rejection, open_error};
use super::{Breaker, Budget, in_drop};
use crate::outside;

/// What a decorator was told of guards: each is one, or a function of the call's arguments that gives it.
pub(crate) struct Guards {
    budget: Option<Py<PyAny>>,
    breaker: Option<Py<PyAny>>,
    counts: Option<Py<PyAny>>,
}

impl Guards {
    /// `None` when there are none.
    pub(crate) fn read<'py>(
        budget: Option<Bound<'py, PyAny>>,
        breaker: Option<Bound<'py, PyAny>>,
        counts: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Self>> {
        if let Some(budget) = &budget {
            known::<Budget>("budget", "rebackoff.Budget", budget, true)?;
        }
        if let Some(breaker) = &breaker {
            known::<Breaker>("breaker", "rebackoff.Breaker", breaker, true)?;
        }
        if let Some(counts) = counts.as_ref().filter(|counts| !counts.is_callable()) {
            return Err(PyTypeError::new_err(format!(
                "counts must be a function of the outcome, but it is {}",
                counts.repr()?
            )));
        }
        Ok((budget.is_some() || breaker.is_some()).then(|| Self {
            budget: budget.map(Bound::unbind),
            breaker: breaker.map(Bound::unbind),
            counts: counts.map(Bound::unbind),
        }))
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.budget)?;
        visit.call(&self.breaker)?;
        visit.call(&self.counts)
    }
}

/// The guards of one call.
pub(crate) struct CallGuards {
    budget: Option<Py<Budget>>,
    breaker: Option<Py<Breaker>>,
    counts: Option<Py<PyAny>>,
    /// That of the try that runs.
    permit: Option<(Permit, Seconds)>,
    last: Option<Withdrawal>,
    /// Whether the retry that was paid for last is still waited for.
    is_waiting: bool,
    /// Whether they know of the call's success.
    is_over: bool,
    /// Why the breaker lets nothing through, until the call has ended by it.
    rejection: Option<Py<PyAny>>,
}

impl CallGuards {
    /// Asks at the door. If the target is not to be called, there is a rejection: a `CircuitOpenError`.
    pub(crate) fn begin(
        py: Python<'_>,
        guards: &Guards,
        args: &Bound<'_, PyTuple>,
        kwargs: &Bound<'_, PyDict>,
    ) -> PyResult<Self> {
        let budget = of_call("budget", "rebackoff.Budget", guards.budget.as_ref(), args, kwargs)?;
        let breaker: Option<Py<Breaker>> =
            of_call("breaker", "rebackoff.Breaker", guards.breaker.as_ref(), args, kwargs)?;
        let counts = guards.counts.as_ref().map(|counts| counts.clone_ref(py));
        let (permit, rejection) = match &breaker {
            Some(breaker) => match breaker.get().ask(py)? {
                Ok(permit) => (Some(permit), None),
                Err(open) => (None, Some(open_error(py, open).into_value(py).into_any())),
            },
            None => (None, None),
        };
        let call = Self {
            budget,
            breaker,
            counts,
            permit,
            last: None,
            is_waiting: false,
            is_over: false,
            rejection,
        };
        if call.rejection.is_some() {
            return Ok(call);
        }
        if let Some(budget) = &call.budget {
            budget.get().handle_start(py)?;
        }
        Ok(call)
    }

    /// The error by which a call ends that was rejected at the door.
    pub(crate) fn rejection(&self) -> Option<&Py<PyAny>> {
        self.rejection.as_ref()
    }

    pub(crate) fn take_rejection(&mut self) -> Option<Py<PyAny>> {
        self.rejection.take()
    }

    /// A try gave what the caller wanted. A retry context says so twice, or once if its block returns.
    pub(crate) fn succeed(&mut self, py: Python<'_>, value: &Py<PyAny>) -> PyResult<()> {
        if std::mem::replace(&mut self.is_over, true) {
            return Ok(());
        }
        let health = self.health(py, value, Health::Success)?;
        self.settle(py, health)?;
        if let Some(budget) = &self.budget {
            budget.get().0.handle_success(self.last.take());
        }
        Ok(())
    }

    /// A try failed; when the caller's condition gives up, the target has answered all the same. Where
    /// a breaker inside the target has rejected the try, nobody was asked.
    pub(crate) fn fail(
        &mut self,
        py: Python<'_>,
        outcome: &Py<PyAny>,
        gives_up: bool,
    ) -> PyResult<()> {
        if self.permit.is_some() {
            let health = if is_rejection(outcome.bind(py))? {
                Health::Neutral
            } else if gives_up {
                Health::Success
            } else {
                Health::Failure
            };
            let health = self.health(py, outcome, health)?;
            self.settle(py, health)?;
        }
        match &self.budget {
            Some(budget) if !gives_up => budget.get().handle_failure(),
            _ => {}
        }
        Ok(())
    }

    /// Why there is to be no retry after that wait, if there is to be none.
    pub(crate) fn refuse(
        &mut self,
        py: Python<'_>,
        outcome: &Py<PyAny>,
        wait: Seconds,
    ) -> PyResult<Option<Reason>> {
        if let Some(breaker) = &self.breaker {
            if let Some(open) = breaker.get().peek(py)? {
                if open.retry_in.is_none_or(|retry_in| retry_in > wait) {
                    return Ok(Some(Reason::Breaker));
                }
            }
        }
        let Some(budget) = &self.budget else {
            return Ok(None);
        };
        let cost = if is_timeout(outcome.bind(py))? { Cost::Timeout } else { Cost::Retry };
        self.last = budget.get().take(py, cost)?;
        self.is_waiting = self.last.is_some();
        Ok(self.last.is_none().then_some(Reason::Budget))
    }

    /// Whether the breaker lets the next try through, after the wait.
    pub(crate) fn admit(&mut self, py: Python<'_>) -> PyResult<bool> {
        if let Some(breaker) = &self.breaker {
            self.permit = breaker.get().ask(py)?.ok();
            if self.permit.is_none() {
                self.refund();
                return Ok(false);
            }
        }
        self.is_waiting = false;
        Ok(true)
    }

    /// The retry that is waited for will not be made.
    fn refund(&mut self) {
        if let (true, Some(budget), Some(paid)) = (self.is_waiting, &self.budget, self.last) {
            budget.get().0.refund(paid);
            (self.is_waiting, self.last) = (false, None);
        }
    }

    /// A try ended in a way that says nothing of the target, if one runs; what is waited for is not made.
    pub(crate) fn release(&mut self, py: Python<'_>) -> PyResult<()> {
        self.refund();
        self.settle(py, Health::Neutral)
    }

    /// `release` where an error may be on its way, which stays what it is.
    pub(crate) fn drop_permit(&mut self) {
        self.refund();
        if self.permit.is_some() {
            in_drop(|py| self.release(py));
        }
    }

    fn settle(&mut self, py: Python<'_>, health: Health) -> PyResult<()> {
        match (&self.breaker, self.permit.take()) {
            (Some(breaker), Some((permit, began))) => {
                breaker.get().settle(py, permit, health, began)
            }
            _ => Ok(()),
        }
    }

    /// What the outcome says of the target: the caller's word, or else `usual`.
    fn health(&self, py: Python<'_>, outcome: &Py<PyAny>, usual: Health) -> PyResult<Health> {
        let Some(counts) = &self.counts else {
            return Ok(usual);
        };
        let counted = outside::call1(counts.bind(py), outcome.bind(py))?;
        Ok(match counted.cast::<PyBool>() {
            Ok(failed) if failed.is_true() => Health::Failure,
            Ok(_) => Health::Success,
            Err(_) if counted.is_none() => Health::Neutral,
            Err(_) => {
                return Err(PyTypeError::new_err(format!(
                    "counts must give True for a failure of the target, False for a success, or None for neither, but it gave {}",
                    counted.repr()?
                )));
            }
        })
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.budget)?;
        visit.call(&self.breaker)?;
        visit.call(&self.counts)?;
        visit.call(&self.rejection)
    }
}

impl Drop for CallGuards {
    fn drop(&mut self) {
        self.drop_permit();
    }
}

/// The guard of this call, where the option is a function of the arguments: what that gives.
fn of_call<'py, T: pyo3::PyClass<Frozen = pyo3::pyclass::boolean_struct::True>>(
    option: &str,
    class: &str,
    guard: Option<&Py<PyAny>>,
    args: &Bound<'py, PyTuple>,
    kwargs: &Bound<'py, PyDict>,
) -> PyResult<Option<Py<T>>> {
    let Some(guard) = guard.map(|guard| guard.bind(args.py())) else {
        return Ok(None);
    };
    if let Ok(guard) = guard.cast::<T>() {
        return Ok(Some(guard.clone().unbind()));
    }
    let guard = outside::call(guard, args, Some(kwargs))?;
    if guard.is_none() {
        return Ok(None);
    }
    known::<T>(option, class, &guard, false)?;
    Ok(guard.cast::<T>().ok().map(|guard| guard.clone().unbind()))
}

fn known<T: pyo3::PyTypeInfo>(
    option: &str,
    class: &str,
    guard: &Bound<'_, PyAny>,
    callable: bool,
) -> PyResult<()> {
    if guard.is_instance_of::<T>() || (callable && guard.is_callable()) {
        return Ok(());
    }
    Err(PyTypeError::new_err(format!(
        "{option} must be a {class}, or a function of the call's arguments that gives one, but it is {}",
        guard.repr()?
    )))
}

/// Whether a class of the error, or one that it derives from, is called a timeout.
fn is_timeout(outcome: &Bound<'_, PyAny>) -> PyResult<bool> {
    let class: Bound<'_, PyType> = outcome.get_type();
    for one in class.mro() {
        let name = one.getattr(intern!(one.py(), "__name__"))?;
        if name.extract::<&str>().is_ok_and(|name| name.contains("Timeout")) {
            return Ok(true);
        }
    }
    Ok(false)
}
