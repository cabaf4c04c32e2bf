//! Hints in the headers of a response.

use std::time::Duration;

use pyo3::prelude::*;
use rebackoff_core::Hint;

/// Returns the seconds that the headers ask to wait: None where they ask for nothing, minus infinity
/// where they order to stop. `now` is `time.time()`.
///
/// `headers` has names and values in turn, one a line; upper and lower case of a name are the same.
/// `Hint::from_headers` in `rebackoff-core` lists the headers that are read.
#[pyfunction]
pub(crate) fn hint(headers: &str, now: f64) -> Option<f64> {
    let now = Duration::try_from_secs_f64(now).unwrap_or_default();
    Some(match Hint::from_headers(|name| values(headers, name), now)? {
        Hint::Wait(wait) => wait.get(),
        Hint::Stop => f64::NEG_INFINITY,
    })
}

/// Returns whether the headers order a retry: None where they order nothing.
#[pyfunction]
pub(crate) fn should_retry(headers: &str) -> Option<bool> {
    Hint::should_retry(|name| values(headers, name))
}

fn values<'a>(headers: &'a str, name: &'static str) -> impl Iterator<Item = &'a str> {
    let mut lines = headers.split('\n');
    std::iter::from_fn(move || Some((lines.next()?, lines.next()?)))
        .filter(|header| header.0.eq_ignore_ascii_case(name))
        .map(|header| header.1)
}
