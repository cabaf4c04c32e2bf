//! What the headers of a response ask for.

use std::time::Duration;

use pyo3::prelude::*;
use rebackoff_core::Hint;

/// The seconds that `headers` ask to wait, as the option `hint` takes them: None where they ask for
/// nothing, a negative number where they ask not to come again. `now` is `time.time()`.
///
/// The order of the headers is that of `Hint::from_headers` in `rebackoff-core`; of several with
/// one name, in upper or lower case, the first holds.
#[pyfunction]
pub(crate) fn hint(headers: Vec<(String, String)>, now: f64) -> Option<f64> {
    let get = |name: &str| {
        let (_, value) = headers.iter().find(|header| header.0.eq_ignore_ascii_case(name))?;
        Some(value.as_str())
    };
    let now = Duration::try_from_secs_f64(now).unwrap_or_default();
    Some(match Hint::from_headers(get, now)? {
        Hint::Wait(wait) => wait.get(),
        Hint::Stop => -1.0,
    })
}
