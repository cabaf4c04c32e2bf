//! Hints in the headers of a response.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ::http::HeaderMap;
use rebackoff_core::Hint;

/// What the headers of a response, or its trailers, ask for: to wait, or not to come again.
///
/// [`Hint::from_headers`] says which headers are read, in which order and units. Dates are held
/// against the system's wall clock, which is read here and nowhere else.
///
/// ```
/// use http::HeaderMap;
/// use rebackoff::http::hint;
/// use rebackoff::engine::Hint;
/// use rebackoff::{Verdict, secs};
///
/// let mut headers = HeaderMap::new();
/// assert_eq!(Verdict::from(hint(&headers)), Verdict::Retry);
///
/// headers.insert("retry-after", "120".parse().unwrap());
/// assert_eq!(hint(&headers), Some(Hint::Wait(secs(120).into())));
///
/// headers.insert("grpc-retry-pushback-ms", "-1".parse().unwrap());
/// assert_eq!(Verdict::from(hint(&headers)), Verdict::Stop);
/// ```
pub fn hint(headers: &HeaderMap) -> Option<Hint> {
    hint_at(headers, wall_clock())
}

/// The same at another time: `now` is the time since 1970.
pub fn hint_at(headers: &HeaderMap, now: Duration) -> Option<Hint> {
    Hint::from_headers(|name| headers.get(name)?.to_str().ok(), now)
}

/// Before 1970 it is 1970.
fn wall_clock() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
