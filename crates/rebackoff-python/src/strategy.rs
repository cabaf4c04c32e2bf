//! The wait strategies over Python numbers: whole numbers stay `int`, to the last digit.
//!
//! The engine's own strategies count in `f64`; what `backoff` yields is Python arithmetic. Where
//! both agree to the bit, it is done in Rust; otherwise Python's operators are asked.

use pyo3::exceptions::{PyOverflowError, PyRuntimeError, PyStopIteration, PyTypeError};
use pyo3::prelude::*;
use pyo3::pyclass::CompareOp;
use pyo3::types::{PyFloat, PyInt, PyIterator};
use pyo3::{PyTraverseError, PyVisit};

use crate::waits::Waits;
use crate::{outside, random};

/// A wait strategy with its parameters.
pub(crate) enum Strategy {
    Constant {
        interval: Py<PyAny>,
    },
    Linear {
        start: Py<PyAny>,
        step: Py<PyAny>,
        max_value: Option<Py<PyAny>>,
    },
    Expo {
        base: Py<PyAny>,
        factor: Py<PyAny>,
        max_value: Option<Py<PyAny>>,
        plain: Option<PlainExpo>,
    },
    Fibo {
        max_value: Option<Py<PyAny>>,
    },
    Decay {
        initial_value: f64,
        decay_factor: f64,
        min_value: Option<(Py<PyAny>, f64)>,
    },
    Decorrelated {
        base: Py<PyAny>,
        max_value: Option<Py<PyAny>>,
    },
    Runtime {
        value: Py<PyAny>,
    },
    /// The same as another, from its beginning.
    Again {
        of: Py<Waits>,
    },
}

/// How far one call has come through a strategy.
#[derive(Default)]
pub(crate) struct Progress {
    n: u64,
    iterator: Option<Py<PyIterator>>,
    /// `fibo`: the value that comes after `held`. Otherwise the last value, where the next needs it.
    next: Option<Py<PyAny>>,
    held: Option<Py<PyAny>>,
}

impl Strategy {
    /// The next raw wait; `None` when the strategy has ended.
    pub(crate) fn next<'py>(
        &self,
        progress: &mut Progress,
        sent: &Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = sent.py();
        Ok(Some(match self {
            Self::Constant { interval } => return constant(interval.bind(py), progress),
            Self::Linear { start, step, max_value } => {
                let n = progress.n;
                let value = start.bind(py).add(step.bind(py).mul(n)?)?;
                if let Some(capped) = capped(&value, max_value.as_ref())? {
                    return Ok(Some(capped));
                }
                progress.n = n + 1;
                value
            }
            Self::Expo { base, factor, max_value, plain } => {
                let plain = plain.as_ref().and_then(|plain| plain.next(progress.n));
                let value = match plain {
                    Some(Next::Cap) => {
                        return Ok(max_value.as_ref().map(|max_value| max_value.bind(py).clone()));
                    }
                    Some(Next::Below(value)) => {
                        progress.n += 1;
                        return Ok(Some(value.into_pyobject(py)?));
                    }
                    None => held_at_overflow(
                        progress,
                        |n| {
                            let power = base.bind(py).pow(n, py.None())?;
                            fits_float(&power)?;
                            factor.bind(py).mul(power)
                        },
                        py,
                    )?,
                };
                let Some(value) = value else {
                    let factor = factor.bind(py);
                    // A factor of zero stays zero, whatever the power would be.
                    let value =
                        if factor.is_truthy()? { held(progress, py) } else { factor.clone() };
                    return Ok(Some(capped(&value, max_value.as_ref())?.unwrap_or(value)));
                };
                if let Some(capped) = capped(&value, max_value.as_ref())? {
                    return Ok(Some(capped));
                }
                progress.n += 1;
                value
            }
            Self::Fibo { max_value } => fibo(py, progress, max_value.as_ref())?,
            Self::Decay { initial_value, decay_factor, min_value } => {
                #[allow(clippy::cast_precision_loss, reason = "as Python multiplies int and float")]
                let power = std::f64::consts::E.powf(-(progress.n as f64) * decay_factor);
                let value = initial_value * power;
                match min_value {
                    Some((object, min_value)) if value <= *min_value => {
                        return Ok(Some(object.bind(py).clone()));
                    }
                    _ if value.is_finite() => progress.n += 1,
                    _ => return Ok(Some(held(progress, py))),
                }
                let value = PyFloat::new(py, value).into_any();
                progress.held = Some(value.clone().unbind());
                value
            }
            Self::Decorrelated { base, max_value } => {
                let base = base.bind(py);
                let previous = progress.held.as_ref().map_or(base, |held| held.bind(py));
                let value = random::uniform(base, &previous.mul(3)?)?;
                let value = capped(&value, max_value.as_ref())?.unwrap_or(value);
                progress.held = Some(value.clone().unbind());
                value
            }
            Self::Again { of } => return of.get().strategy().next(progress, sent),
            Self::Runtime { value } => {
                let wait = outside::call1(value.bind(py), sent)
                    .map_err(|error| as_generator(py, error))?;
                return Ok((!wait.is_none()).then_some(wait));
            }
        }))
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Constant { .. } => "constant",
            Self::Linear { .. } => "linear",
            Self::Expo { .. } => "expo",
            Self::Fibo { .. } => "fibo",
            Self::Decay { .. } => "decay",
            Self::Decorrelated { .. } => "decorrelated",
            Self::Runtime { .. } => "runtime",
            Self::Again { of } => of.get().strategy().name(),
        }
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Self::Constant { interval } => visit.call(interval),
            Self::Linear { start, step, max_value } => {
                visit.call(start)?;
                visit.call(step)?;
                visit.call(max_value)
            }
            Self::Expo { base, factor, max_value, .. } => {
                visit.call(base)?;
                visit.call(factor)?;
                visit.call(max_value)
            }
            Self::Fibo { max_value } => visit.call(max_value),
            Self::Decay { min_value, .. } => match min_value {
                Some((object, _)) => visit.call(object),
                None => Ok(()),
            },
            Self::Decorrelated { base, max_value } => {
                visit.call(base)?;
                visit.call(max_value)
            }
            Self::Runtime { value } => visit.call(value),
            Self::Again { of } => visit.call(of),
        }
    }
}

impl Progress {
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.iterator)?;
        visit.call(&self.next)?;
        visit.call(&self.held)
    }
}

/// `expo` with parameters that Rust computes with as exactly as Python does.
pub(crate) struct PlainExpo {
    base: Plain,
    factor: Plain,
    max_value: Option<Plain>,
}

enum Next {
    Below(Plain),
    Cap,
}

#[derive(Clone, Copy)]
enum Plain {
    Int(i64),
    Float(f64),
}

impl PlainExpo {
    pub(crate) fn new(
        base: &Bound<'_, PyAny>,
        factor: &Bound<'_, PyAny>,
        max_value: Option<&Bound<'_, PyAny>>,
    ) -> Option<Self> {
        let max_value = match max_value {
            Some(max_value) => Some(Plain::read(max_value)?),
            None => None,
        };
        Some(Self { base: Plain::read(base)?, factor: Plain::read(factor)?, max_value })
    }

    /// The wait, or `None` where Python has to be asked.
    fn next(&self, n: u64) -> Option<Next> {
        let value = self.value(n)?;
        Some(match self.max_value {
            Some(max_value) if !value.is_below(max_value)? => Next::Cap,
            _ => Next::Below(value),
        })
    }

    /// `factor * base ** n`, or `None` where Python has to be asked.
    fn value(&self, n: u64) -> Option<Plain> {
        let power = match self.base {
            Plain::Int(base) => Plain::Int(base.checked_pow(u32::try_from(n).ok()?)?),
            #[allow(clippy::cast_precision_loss, reason = "as Python does")]
            Plain::Float(base) => Plain::Float(base.powf(n as f64)),
        };
        #[allow(clippy::cast_precision_loss, reason = "int * float rounds the int in Python, too")]
        let value = match (self.factor, power) {
            (Plain::Int(factor), Plain::Int(power)) => {
                return factor.checked_mul(power).map(Plain::Int);
            }
            (Plain::Float(factor), Plain::Int(power)) => factor * power as f64,
            (Plain::Int(factor), Plain::Float(power)) => factor as f64 * power,
            (Plain::Float(factor), Plain::Float(power)) => factor * power,
        };
        value.is_finite().then_some(Plain::Float(value))
    }
}

impl Plain {
    /// `self < other`, or `None` where Python has to be asked: it compares int and float exactly.
    fn is_below(self, other: Self) -> Option<bool> {
        match (self, other) {
            (Self::Int(one), Self::Int(other)) => Some(one < other),
            (Self::Float(one), Self::Float(other)) => Some(one < other),
            _ => None,
        }
    }

    fn into_pyobject(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        Ok(match self {
            Self::Int(int) => int.into_pyobject(py)?.into_any(),
            Self::Float(float) => PyFloat::new(py, float).into_any(),
        })
    }

    fn read(number: &Bound<'_, PyAny>) -> Option<Self> {
        if let Ok(float) = number.cast_exact::<PyFloat>() {
            return Some(Self::Float(float.value()));
        }
        number.cast_exact::<PyInt>().ok()?.extract().ok().map(Self::Int)
    }
}

/// What a generator makes of an error that its code raises.
fn as_generator(py: Python<'_>, error: PyErr) -> PyErr {
    if !error.is_instance_of::<PyStopIteration>(py) {
        return error;
    }
    let raised = PyRuntimeError::new_err("generator raised StopIteration");
    raised.set_cause(py, Some(error));
    raised
}

fn constant<'py>(
    interval: &Bound<'py, PyAny>,
    progress: &mut Progress,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = interval.py();
    if Plain::read(interval).is_some() || progress.n > 0 {
        return Ok(Some(interval.clone()));
    }
    if progress.iterator.is_none() {
        match interval.try_iter() {
            Ok(iterator) => progress.iterator = Some(iterator.unbind()),
            Err(error) if error.is_instance_of::<PyTypeError>(py) => {
                progress.n = 1;
                return Ok(Some(interval.clone()));
            }
            Err(error) => return Err(error),
        }
    }
    let iterator = progress.iterator.as_ref().map(|iterator| iterator.bind(py).clone());
    iterator.and_then(|mut iterator| iterator.next()).transpose()
}

fn fibo<'py>(
    py: Python<'py>,
    progress: &mut Progress,
    max_value: Option<&Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let one = || 1_i64.into_pyobject(py).map(Bound::into_any);
    let value = match &progress.next {
        Some(next) => next.bind(py).clone(),
        None => one()?,
    };
    if let Some(capped) = capped(&value, max_value)? {
        return Ok(capped);
    }
    let following = match &progress.held {
        Some(held) => held.bind(py).add(&value)?,
        None => one()?,
    };
    if fits_float(&following).is_ok() {
        progress.held = Some(value.clone().unbind());
        progress.next = Some(following.unbind());
    }
    Ok(value)
}

/// `max_value`, if `value` has reached it.
fn capped<'py>(
    value: &Bound<'py, PyAny>,
    max_value: Option<&Py<PyAny>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(max_value) = max_value.map(|max_value| max_value.bind(value.py())) else {
        return Ok(None);
    };
    let below = value.rich_compare(max_value, CompareOp::Lt)?.is_truthy()?;
    Ok((!below).then(|| max_value.clone()))
}

/// The value of `formula`, or `None` once it is beyond what a float can say.
fn held_at_overflow<'py>(
    progress: &mut Progress,
    formula: impl FnOnce(u64) -> PyResult<Bound<'py, PyAny>>,
    py: Python<'py>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let value = formula(progress.n).and_then(|value| fits_float(&value).map(|()| value));
    match value {
        Ok(value) => {
            progress.held = Some(value.clone().unbind());
            Ok(Some(value))
        }
        Err(error) if error.is_instance_of::<PyOverflowError>(py) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a strategy stays at after it would overflow.
fn held<'py>(progress: &Progress, py: Python<'py>) -> Bound<'py, PyAny> {
    match &progress.held {
        Some(held) => held.bind(py).clone(),
        None => PyFloat::new(py, f64::MAX).into_any(),
    }
}

/// An error when `number` is beyond what a float can say.
fn fits_float(number: &Bound<'_, PyAny>) -> PyResult<()> {
    let too_large = match number.cast_exact::<PyFloat>() {
        Ok(float) => float.value().is_infinite(),
        Err(_) if number.is_instance_of::<PyInt>() => number.extract::<f64>().is_err(),
        Err(_) => false,
    };
    if too_large { Err(PyOverflowError::new_err("wait too large")) } else { Ok(()) }
}
