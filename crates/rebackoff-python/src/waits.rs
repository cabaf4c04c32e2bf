//! `Waits`: a configured wait strategy, which is also the generator that `backoff`'s are.

use std::sync::Mutex;

use pyo3::exceptions::{PyStopIteration, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use pyo3::{PyTraverseError, PyVisit};

use crate::seconds::{Amount, without_timedelta};
use crate::strategy::{PlainExpo, Progress, Strategy};

/// What `expo()` and its like return.
///
/// Given to a decorator, it starts afresh on each call. Used by hand, it is a generator: the first
/// `next` gives `None`, each later one a raw wait in seconds; `send` hands in the outcome.
#[pyclass(frozen, module = "rebackoff._native")]
pub(crate) struct Waits {
    strategy: Strategy,
    place: Mutex<Place>,
}

/// Where the generator that is used by hand stands.
enum Place {
    Before,
    At(Progress),
    Running,
    Ended,
}

#[pymethods]
impl Waits {
    #[staticmethod]
    fn constant(interval: Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Strategy::Constant { interval: without_timedelta(interval)?.unbind() }.into())
    }

    #[staticmethod]
    fn linear(
        start: Bound<'_, PyAny>,
        step: Bound<'_, PyAny>,
        max_value: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let start = without_timedelta(start)?.unbind();
        let step = without_timedelta(step)?.unbind();
        Ok(Strategy::Linear { start, step, max_value: cap(max_value)? }.into())
    }

    #[staticmethod]
    fn expo(
        base: Bound<'_, PyAny>,
        factor: Bound<'_, PyAny>,
        max_value: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let factor = without_timedelta(factor)?;
        let max_value = max_value.map(without_timedelta).transpose()?;
        let plain = PlainExpo::new(&base, &factor, max_value.as_ref());
        let (base, factor, max_value) =
            (base.unbind(), factor.unbind(), max_value.map(Bound::unbind));
        Ok(Strategy::Expo { base, factor, max_value, plain }.into())
    }

    #[staticmethod]
    fn fibo(max_value: Option<Bound<'_, PyAny>>) -> PyResult<Self> {
        Ok(Strategy::Fibo { max_value: cap(max_value)? }.into())
    }

    #[staticmethod]
    fn decay(
        initial_value: Bound<'_, PyAny>,
        decay_factor: f64,
        min_value: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let initial_value = amount("initial_value", initial_value)?.value;
        let min_value = match min_value {
            Some(min_value) => {
                let amount = amount("min_value", min_value)?;
                Some((amount.object.unbind(), amount.value))
            }
            None => None,
        };
        Ok(Strategy::Decay { initial_value, decay_factor, min_value }.into())
    }

    #[staticmethod]
    fn decorrelated(base: Bound<'_, PyAny>, max_value: Option<Bound<'_, PyAny>>) -> PyResult<Self> {
        let base = without_timedelta(base)?.unbind();
        Ok(Strategy::Decorrelated { base, max_value: cap(max_value)? }.into())
    }

    #[staticmethod]
    fn runtime(value: Py<PyAny>) -> Self {
        Strategy::Runtime { value }.into()
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.resume(&py.None().into_bound(py))
    }

    /// Hands in the outcome of a try and gives the next raw wait.
    fn send<'py>(&self, outcome: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.resume(&outcome)?.ok_or_else(|| PyStopIteration::new_err(()))
    }

    /// Ends the generator with the error.
    #[pyo3(signature = (error, *rest))]
    fn throw<'py>(
        &self,
        error: Bound<'py, PyAny>,
        rest: Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.close();
        let value = rest.get_item(0).ok().filter(|value| !value.is_none());
        Err(match value {
            Some(value) if value.is_instance(&error).unwrap_or(false) => PyErr::from_value(value),
            Some(value) => PyErr::from_value(error.call1((value,))?),
            None => PyErr::from_value(error),
        })
    }

    /// Ends the generator.
    fn close(&self) {
        self.set_place(Place::Ended);
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let parameters: Vec<String> = self
            .parameters(py)?
            .into_iter()
            .map(|(name, value)| Ok(format!("{name}={}", value.bind(py).repr()?)))
            .collect::<PyResult<_>>()?;
        Ok(format!("{}({})", self.strategy.name(), parameters.join(", ")))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.strategy.traverse(&visit)?;
        match self.place.try_lock().as_deref() {
            Ok(Place::At(progress)) => progress.traverse(&visit),
            _ => Ok(()),
        }
    }
}

impl Waits {
    pub(crate) fn strategy(&self) -> &Strategy {
        &self.strategy
    }

    /// One step of the generator; `None` at its end.
    fn resume<'py>(&self, sent: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        // Nothing is locked while Python code runs.
        match self.set_place(Place::Running) {
            Place::Before if sent.is_none() => {
                self.set_place(Place::At(Progress::default()));
                Ok(Some(sent.clone()))
            }
            Place::Before => {
                self.set_place(Place::Before);
                let rule = "can't send non-None value to a just-started generator";
                Err(PyTypeError::new_err(rule))
            }
            Place::At(mut progress) => {
                let wait = self.strategy.next(&mut progress, sent);
                let more = matches!(wait, Ok(Some(_)));
                self.set_place(if more { Place::At(progress) } else { Place::Ended });
                wait
            }
            Place::Running => Err(PyValueError::new_err("generator already executing")),
            Place::Ended => {
                self.set_place(Place::Ended);
                Ok(None)
            }
        }
    }

    fn set_place(&self, place: Place) -> Place {
        let mut current = self.place.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        std::mem::replace(&mut current, place)
    }

    fn parameters(&self, py: Python<'_>) -> PyResult<Vec<(&'static str, Py<PyAny>)>> {
        let or_none = |value: &Option<Py<PyAny>>| {
            value.as_ref().map_or_else(|| py.None(), |value| value.clone_ref(py))
        };
        let float = |value: f64| value.into_pyobject(py).map(|value| value.into_any().unbind());
        Ok(match &self.strategy {
            Strategy::Constant { interval } => vec![("interval", interval.clone_ref(py))],
            Strategy::Linear { start, step, max_value } => vec![
                ("start", start.clone_ref(py)),
                ("step", step.clone_ref(py)),
                ("max_value", or_none(max_value)),
            ],
            Strategy::Expo { base, factor, max_value, .. } => vec![
                ("base", base.clone_ref(py)),
                ("factor", factor.clone_ref(py)),
                ("max_value", or_none(max_value)),
            ],
            Strategy::Fibo { max_value } => vec![("max_value", or_none(max_value))],
            Strategy::Decay { initial_value, decay_factor, min_value } => vec![
                ("initial_value", float(*initial_value)?),
                ("decay_factor", float(*decay_factor)?),
                (
                    "min_value",
                    min_value.as_ref().map_or_else(|| py.None(), |(value, _)| value.clone_ref(py)),
                ),
            ],
            Strategy::Decorrelated { base, max_value } => {
                vec![("base", base.clone_ref(py)), ("max_value", or_none(max_value))]
            }
            Strategy::Runtime { value } => vec![("value", value.clone_ref(py))],
            Strategy::Again { of } => return of.get().parameters(py),
        })
    }
}

impl From<Strategy> for Waits {
    fn from(strategy: Strategy) -> Self {
        Self { strategy, place: Mutex::new(Place::Before) }
    }
}

fn cap(max_value: Option<Bound<'_, PyAny>>) -> PyResult<Option<Py<PyAny>>> {
    max_value.map(|max_value| without_timedelta(max_value).map(Bound::unbind)).transpose()
}

fn amount<'py>(name: &str, object: Bound<'py, PyAny>) -> PyResult<Amount<'py>> {
    let shown = object.repr()?.to_string();
    Amount::read(object)?.ok_or_else(|| {
        PyTypeError::new_err(format!("{name} must be a number of seconds, but it is {shown}"))
    })
}
