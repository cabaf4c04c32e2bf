//! Hints in the headers of a response.

use std::time::Duration;

use pyo3::prelude::*;
use rebackoff_core::Hint;

/// Returns the seconds that the headers ask to wait: None where they ask for nothing, a negative
/// number where they order to stop. `now` is `time.time()`.
///
/// `headers` has names and values in turn, one a line. The order of precedence is that of
/// `Hint::from_headers` in `rebackoff-core`; of several with one name, in upper or lower case, the
/// first counts.
#[pyfunction]
pub(crate) fn hint(headers: &str, now: f64) -> Option<f64> {
    let get = |name: &str| {
        let mut lines = headers.split('\n');
        loop {
            let (one, value) = (lines.next()?, lines.next()?);
            if one.eq_ignore_ascii_case(name) {
                return Some(value);
            }
        }
    };
    let now = Duration::try_from_secs_f64(now).unwrap_or_default();
    Some(match Hint::from_headers(get, now)? {
        Hint::Wait(wait) => wait.get(),
        Hint::Stop => -1.0,
    })
}
