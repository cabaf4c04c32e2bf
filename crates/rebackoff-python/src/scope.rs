//! `Scope`: a call, or a deadline, that the calls inside it see.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;

/// A call that is running, or a deadline, with those that enclose it.
///
/// Tasks may keep it for longer than the call lasts; once it has ended, it limits nothing any more.
#[pyclass(frozen, module = "rebackoff._native")]
pub(crate) struct Scope(Arc<Inner>);

pub(crate) struct Inner {
    outer: Mutex<Option<Arc<Inner>>>,
    start: f64,
    /// Infinite without a limit.
    max_time: f64,
    /// The number of the try that runs; 0 for a deadline.
    tries: AtomicU64,
    has_ended: AtomicBool,
}

#[pymethods]
impl Scope {
    /// A scope inside `outer`, which ends `max_time` seconds after `start`.
    #[new]
    #[pyo3(signature = (outer, start, max_time, tries=1))]
    pub(crate) fn new(
        outer: Option<&Bound<'_, Scope>>,
        start: Option<f64>,
        max_time: Option<f64>,
        tries: u64,
    ) -> Self {
        let outer = outer.and_then(|outer| running(outer.get().0.clone()));
        Self(Arc::new(Inner {
            outer: Mutex::new(outer),
            start: start.unwrap_or(0.0),
            max_time: max_time.unwrap_or(f64::INFINITY),
            tries: AtomicU64::new(tries),
            has_ended: AtomicBool::new(false),
        }))
    }

    /// The call is over.
    fn end(&self) {
        self.0.has_ended.store(true, Ordering::Relaxed);
    }

    /// The seconds until the first of the deadlines; None without one.
    fn remaining(&self, now: f64) -> Option<f64> {
        let left = self.chain().map(|one| one.max_time - (now - one.start));
        left.filter(|left| left.is_finite()).reduce(f64::min).map(|left| left.max(0.0))
    }

    /// This scope, or the nearest one around it that has not ended.
    fn running(&self) -> Option<Self> {
        running(self.0.clone()).map(Self)
    }

    /// The nearest enclosing scope that has not ended.
    fn outer(&self) -> Option<Self> {
        self.0.outer().map(Self)
    }

    /// Returns whether `current` is this scope, or an ended one inside it.
    fn is_innermost(&self, current: Option<&Bound<'_, Scope>>) -> bool {
        let current = current.and_then(|current| running(current.get().0.clone()));
        current.is_some_and(|current| Arc::ptr_eq(&current, &self.0))
    }

    /// The try numbers of the enclosing calls, multiplied; None where there is no call.
    fn amplification(&self) -> Option<u64> {
        let tries = self.chain().map(|one| one.tries.load(Ordering::Relaxed));
        tries.filter(|tries| *tries > 0).reduce(u64::saturating_mul)
    }
}

impl Scope {
    pub(crate) fn inner(&self) -> Arc<Inner> {
        self.0.clone()
    }

    fn chain(&self) -> impl Iterator<Item = Arc<Inner>> {
        std::iter::successors(running(self.0.clone()), |one| one.outer())
    }
}

impl Inner {
    /// The next try of the call begins.
    pub(crate) fn handle_try(&self, tries: u64) {
        self.tries.store(tries, Ordering::Relaxed);
    }

    /// The nearest enclosing scope that has not ended. Those that have ended are forgotten, so that a
    /// task that starts its successor inside a call, and so on, keeps no endless chain.
    fn outer(&self) -> Option<Arc<Self>> {
        let mut outer = self.outer.lock().unwrap_or_else(PoisonError::into_inner);
        *outer = outer.take().and_then(running);
        outer.clone()
    }
}

/// A scope as [`Scope::new`] makes it: calling a function costs less than calling a class.
#[pyfunction]
pub(crate) fn scope(
    outer: Option<&Bound<'_, Scope>>,
    start: Option<f64>,
    max_time: Option<f64>,
) -> Scope {
    Scope::new(outer, start, max_time, 1)
}

/// `scope`, or the nearest scope around it that has not ended.
fn running(mut scope: Arc<Inner>) -> Option<Arc<Inner>> {
    while scope.has_ended.load(Ordering::Relaxed) {
        let outer = scope.outer.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        scope = outer;
    }
    Some(scope)
}
