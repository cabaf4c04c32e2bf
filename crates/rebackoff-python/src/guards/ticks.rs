//! Time and chance, as the core asks for them: without a way to say that a patched one has raised.

use std::cell::RefCell;

use pyo3::intern;
use pyo3::prelude::*;
use rebackoff_core::{Draws, Seconds};

use crate::{clock, modules, testing};

/// `time.monotonic()`, ahead by the waits that a test skipped, and `random.random()`, looked up when they are
/// asked for.
pub(super) struct Ticks<'py> {
    py: Python<'py>,
    error: RefCell<Option<PyErr>>,
}

impl<'py> Ticks<'py> {
    pub(super) fn new(py: Python<'py>) -> Self {
        Self { py, error: RefCell::new(None) }
    }

    #[inline]
    pub(super) fn now(&self) -> Seconds {
        let now = clock::monotonic(self.py).unwrap_or_else(|error| self.keep(error, Seconds::ZERO));
        now.saturating_add(testing::skipped())
    }

    /// What was made of them, unless one of them raised.
    #[inline]
    pub(super) fn done<T>(self, made: T) -> PyResult<T> {
        match self.error.into_inner() {
            Some(error) => Err(error),
            None => Ok(made),
        }
    }

    fn draw(&self) -> PyResult<f64> {
        modules::random(intern!(self.py, "random"))?.call0()?.extract()
    }

    #[cold]
    fn keep<T>(&self, error: PyErr, instead: T) -> T {
        self.error.borrow_mut().get_or_insert(error);
        instead
    }
}

impl Draws for &Ticks<'_> {
    fn uniform(&mut self) -> f64 {
        self.draw().unwrap_or_else(|error| self.keep(error, 0.0))
    }
}
