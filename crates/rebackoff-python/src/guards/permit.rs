//! `Permit`: a call that a breaker lets through, for those who call by hand.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use rebackoff_core::{Breaker as Core, Health, Permit as CorePermit, Seconds};

use super::{Held, health};
use crate::words::{Drawn, seconds};

/// A call that a breaker lets through. Dropped, it is neutral and frees its place.
#[pyclass(frozen, module = "rebackoff._native")]
pub(crate) struct Permit {
    breaker: Held<Core>,
    core: Mutex<Option<CorePermit>>,
    began: Seconds,
    is_probe: bool,
}

#[pymethods]
impl Permit {
    #[getter]
    fn is_probe(&self) -> bool {
        self.is_probe
    }

    /// Settles the call. Only the first settlement counts. Returns whether the draw was used.
    fn settle(&self, word: &str, now: f64, draw: f64) -> PyResult<bool> {
        Ok(self.give_back(health(word)?, seconds(now), draw))
    }
}

impl Permit {
    pub(super) fn new(breaker: Held<Core>, permit: CorePermit, began: Seconds) -> Self {
        let is_probe = permit.is_probe();
        Self { breaker, core: Mutex::new(Some(permit)), began, is_probe }
    }

    fn give_back(&self, health: Health, now: Seconds, draw: f64) -> bool {
        let mut drawn = Drawn::new(draw);
        let permit = self.core.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(permit) = permit {
            let took = || now.saturating_sub(self.began);
            if self.breaker.settle_at(permit, health, took, || now, &mut drawn).is_some() {
                self.breaker.notify();
            }
        }
        drawn.is_used
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.give_back(Health::Neutral, self.began, 0.0);
    }
}
