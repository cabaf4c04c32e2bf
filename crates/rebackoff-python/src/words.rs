//! Words and numbers of Python, as the core takes them. Python has checked them; the errors are for callers by hand.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rebackoff_core::{Draws, Seconds};

/// The meaning of `word` among `known`.
pub(crate) fn one_of<T: Copy>(name: &str, word: &str, known: &[(&str, T)]) -> PyResult<T> {
    known.iter().find(|(one, _)| *one == word).map(|(_, meaning)| *meaning).ok_or_else(|| {
        let allowed: Vec<String> = known.iter().map(|(one, _)| format!("'{one}'")).collect();
        let (last, others) = allowed.split_last().map_or(("", &[][..]), |(l, o)| (l.as_str(), o));
        PyValueError::new_err(format!(
            "{name} must be {} or {last}, but it is '{word}'",
            others.join(", ")
        ))
    })
}

/// A number of seconds; a negative one and NaN are none at all.
pub(crate) fn seconds(number: f64) -> Seconds {
    Seconds::new(number).unwrap_or(Seconds::ZERO)
}

/// The one draw that Python made in advance.
pub(crate) struct Drawn {
    draw: f64,
    pub(crate) is_used: bool,
}

impl Drawn {
    pub(crate) fn new(draw: f64) -> Self {
        // A patched `random` may give anything.
        Self { draw: if draw > 0.0 { draw.min(1.0) } else { 0.0 }, is_used: false }
    }
}

impl Draws for Drawn {
    fn uniform(&mut self) -> f64 {
        self.is_used = true;
        self.draw
    }
}
