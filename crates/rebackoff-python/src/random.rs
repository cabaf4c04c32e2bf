//! Python's own `random` module, looked up at the time of the draw.
//!
//! `random.seed` and every patch of `random.uniform` and `random.random` keep their effect. Where
//! `random.uniform` is provably the original, its one line of arithmetic is done here.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyFloat, PyInt};
use rebackoff_core::Draws;

use crate::modules;

/// The engine's draws, from `random.uniform(0, 1)`.
pub(crate) struct Chance<'py> {
    py: Python<'py>,
    error: Option<PyErr>,
}

impl<'py> Chance<'py> {
    pub(crate) fn new(py: Python<'py>) -> Self {
        Self { py, error: None }
    }

    /// The error of the draw, if one failed.
    pub(crate) fn result(self) -> PyResult<()> {
        self.error.map_or(Ok(()), Err)
    }
}

impl Draws for Chance<'_> {
    fn uniform(&mut self) -> f64 {
        let one = PyFloat::new(self.py, 1.0).into_any();
        let draw = up_to(&one).and_then(|draw| draw.extract::<f64>());
        let draw = draw.unwrap_or_else(|error| {
            self.error = Some(error);
            0.0
        });
        // What a patched `random` gives may be anything.
        if draw > 0.0 { draw.min(1.0) } else { 0.0 }
    }
}

/// `random.uniform(low, high)`.
pub(crate) fn uniform<'py>(
    low: &Bound<'py, PyAny>,
    high: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = low.py();
    let uniform = modules::uniform(py)?;
    if let (Some(low), Some(high)) = (plain(low), plain(high)) {
        if let Some(drawn) = drawn_by_original(&uniform, low, high)? {
            return Ok(drawn);
        }
    }
    uniform.call1((low, high))
}

/// `random.uniform(0, high)`.
pub(crate) fn up_to<'py>(high: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let uniform = modules::uniform(high.py())?;
    if let Some(high) = plain(high) {
        if let Some(drawn) = drawn_by_original(&uniform, 0.0, high)? {
            return Ok(drawn);
        }
    }
    uniform.call1((0_i32, high))
}

/// What `uniform` would give, if it is the method that the module `random` is born with.
fn drawn_by_original<'py>(
    uniform: &Bound<'py, PyAny>,
    low: f64,
    high: f64,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = uniform.py();
    let Some(generator) = generator_of_original(uniform)? else {
        return Ok(None);
    };
    let draw = generator.call_method0(intern!(py, "random"))?;
    let draw = draw.cast_exact::<PyFloat>().ok();
    Ok(draw.map(|draw| PyFloat::new(py, low + (high - low) * draw.value()).into_any()))
}

/// A number whose arithmetic is the same here and there: a float, or an int that is exact as one.
fn plain(number: &Bound<'_, PyAny>) -> Option<f64> {
    const EXACT: i64 = 1 << 53;
    if let Ok(float) = number.cast_exact::<PyFloat>() {
        return Some(float.value());
    }
    let int: i64 = number.cast_exact::<PyInt>().ok()?.extract().ok()?;
    #[allow(clippy::cast_precision_loss, reason = "checked to be exact")]
    (-EXACT..=EXACT).contains(&int).then_some(int as f64)
}

/// The generator behind `uniform`, if that is the method which the module `random` is born with.
fn generator_of_original<'py>(
    uniform: &Bound<'py, PyAny>,
) -> PyResult<Option<&'py Bound<'py, PyAny>>> {
    static ORIGINAL: PyOnceLock<Option<(Py<PyAny>, Py<PyAny>)>> = PyOnceLock::new();
    let py = uniform.py();
    let original = ORIGINAL.get_or_try_init(py, || find_original(py))?;
    Ok(match original {
        Some((method, generator)) if uniform.is(method) => Some(generator.bind(py)),
        _ => None,
    })
}

fn find_original(py: Python<'_>) -> PyResult<Option<(Py<PyAny>, Py<PyAny>)>> {
    let module = py.import(intern!(py, "random"))?;
    let method = module.getattr(intern!(py, "uniform"))?;
    let generator = module.getattr(intern!(py, "_inst"))?;
    let class = module.getattr(intern!(py, "Random"))?;
    let Ok(function) = method.getattr(intern!(py, "__func__")) else {
        return Ok(None);
    };
    let born_there = generator.get_type().is(&class)
        && method.getattr(intern!(py, "__self__"))?.is(&generator)
        && function.getattr(intern!(py, "__qualname__"))?.eq("Random.uniform")?
        && function.getattr(intern!(py, "__module__"))?.eq("random")?;
    Ok(born_there.then(|| (method.unbind(), generator.unbind())))
}
