//! Options as Python programs give them: values, or callables that are asked on each call.

use std::num::NonZeroU64;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyString};
use rebackoff_core::{Above, Hints, LastWait, Nested, Seconds};

use crate::modules::CALLABLES;
use crate::outside;
use crate::seconds::Amount;

/// An option that is known, or has to be asked for.
pub(crate) enum Setting<T> {
    Known(T),
    Asked(Py<PyAny>),
}

impl<T: Clone> Setting<T> {
    pub(crate) fn read<'py>(
        option: Bound<'py, PyAny>,
        read: fn(&Bound<'py, PyAny>) -> PyResult<T>,
    ) -> PyResult<Self> {
        Ok(if option.is_callable() {
            Self::Asked(option.unbind())
        } else {
            Self::Known(read(&option)?)
        })
    }

    pub(crate) fn value<'py>(
        &self,
        py: Python<'py>,
        read: fn(&Bound<'py, PyAny>) -> PyResult<T>,
    ) -> PyResult<T> {
        match self {
            Self::Known(value) => Ok(value.clone()),
            Self::Asked(callable) => read(&ask(callable.bind(py))?),
        }
    }

    pub(crate) fn known(&self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value.clone()),
            Self::Asked(_) => None,
        }
    }

    pub(crate) fn is_asked(&self) -> bool {
        matches!(self, Self::Asked(_))
    }

    pub(crate) fn callable(&self) -> Option<&Py<PyAny>> {
        match self {
            Self::Known(_) => None,
            Self::Asked(callable) => Some(callable),
        }
    }
}

/// What `option` says now. A callable that cannot be called without arguments stands for itself.
pub(crate) fn ask<'py>(option: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = option.py();
    if !option.is_callable() {
        return Ok(option.clone());
    }
    outside::call0(option).or_else(|error| {
        if !error.is_instance_of::<PyTypeError>(py) || takes(option, 0)? {
            return Err(error);
        }
        Ok(option.clone())
    })
}

/// Whether `callable` can be called with so many arguments. False also where it does not say.
pub(crate) fn takes(callable: &Bound<'_, PyAny>, arguments: usize) -> PyResult<bool> {
    let py = callable.py();
    let takes = CALLABLES.get(py)?.getattr(intern!(py, "takes"))?;
    takes.call1((callable, arguments))?.extract()
}

pub(crate) fn max_tries(option: &Bound<'_, PyAny>) -> PyResult<Option<NonZeroU64>> {
    const RULE: &str = "max_tries must be a whole number of at least 1, or None for no limit";
    if option.is_none() {
        return Ok(None);
    }
    let refused = || Ok::<_, PyErr>(format!("{RULE}, but it is {}", option.repr()?));
    let index = option.getattr_opt(intern!(option.py(), "__index__"))?;
    let Some(index) = index.filter(|_| !option.is_instance_of::<PyFloat>()) else {
        return Err(PyTypeError::new_err(refused()?));
    };
    let count = index.call0()?;
    if count.lt(1)? {
        return Err(PyValueError::new_err(refused()?));
    }
    Ok(NonZeroU64::new(count.extract().unwrap_or(u64::MAX)))
}

/// Not a number is no limit, and a negative limit is over at once, as comparing with it always was.
pub(crate) fn max_time(option: &Bound<'_, PyAny>) -> PyResult<Option<Seconds>> {
    if option.is_none() {
        return Ok(None);
    }
    let amount =
        if option.is_instance_of::<PyString>() { None } else { Amount::read(option.clone())? };
    match amount {
        Some(amount) if amount.value.is_nan() => Ok(None),
        Some(amount) => Ok(Some(Seconds::new(amount.value).unwrap_or(Seconds::ZERO))),
        None => Err(PyTypeError::new_err(format!(
            "max_time must be a number of seconds, a timedelta, or None for no limit, but it is {}",
            option.repr()?
        ))),
    }
}

pub(crate) fn nested(option: &Bound<'_, PyAny>) -> PyResult<Nested> {
    let words = [Nested::Allow, Nested::Once].map(|known| (known.name(), known));
    one_of("nested", words, option)
}

pub(crate) fn last_wait(option: &Bound<'_, PyAny>) -> PyResult<LastWait> {
    let words = [LastWait::Shorten, LastWait::Stop].map(|known| (known.name(), known));
    one_of("last_wait", words, option)
}

/// How hints are obeyed; `chance` says whether anything of the call is left to it.
pub(crate) fn hints(
    ceiling: &Bound<'_, PyAny>,
    above: &Bound<'_, PyAny>,
    spread: &Bound<'_, PyAny>,
    chance: bool,
) -> PyResult<Hints> {
    let words = [Above::GiveUp, Above::Cap].map(|known| (known.name(), known));
    let above = one_of("hint_above", words, above)?;
    let spread = if spread.is_none() {
        if chance { Hints::SPREAD } else { 0.0 }
    } else {
        share("hint_spread", spread)?
    };
    Ok(Hints { ceiling: hint_ceiling(ceiling)?, above, spread })
}

fn hint_ceiling(option: &Bound<'_, PyAny>) -> PyResult<Seconds> {
    const RULE: &str =
        "hint_ceiling must be a number of seconds, 0 or more, a timedelta, or None for no limit";
    if option.is_none() {
        return Ok(Seconds::MAX);
    }
    let refused = || Ok::<_, PyErr>(format!("{RULE}, but it is {}", option.repr()?));
    let amount =
        if option.is_instance_of::<PyString>() { None } else { Amount::read(option.clone())? };
    let Some(amount) = amount else {
        return Err(PyTypeError::new_err(refused()?));
    };
    match Seconds::new(amount.value) {
        Some(ceiling) => Ok(ceiling),
        None => Err(PyValueError::new_err(refused()?)),
    }
}

fn share(name: &str, option: &Bound<'_, PyAny>) -> PyResult<f64> {
    let refused = || {
        Ok::<_, PyErr>(format!("{name} must be a share from 0 to 1, but it is {}", option.repr()?))
    };
    match option.extract::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        Ok(_) => Err(PyValueError::new_err(refused()?)),
        Err(_) => Err(PyTypeError::new_err(refused()?)),
    }
}

fn one_of<T>(name: &str, words: [(&str, T); 2], option: &Bound<'_, PyAny>) -> PyResult<T> {
    let [first, second] = words.each_ref().map(|(word, _)| *word);
    for (word, meaning) in words {
        if option.eq(word)? {
            return Ok(meaning);
        }
    }
    let refused = format!("{name} must be '{first}' or '{second}', but it is {}", option.repr()?);
    Err(match option.cast::<PyString>() {
        Ok(_) => PyValueError::new_err(refused),
        Err(_) => PyTypeError::new_err(refused),
    })
}
