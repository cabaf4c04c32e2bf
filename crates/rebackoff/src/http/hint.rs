//! Hints in the headers of a response.

use std::time::Duration;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
use std::time::{SystemTime, UNIX_EPOCH};

use ::http::HeaderMap;
use rebackoff_core::Hint;

/// The hint in the headers or trailers of a response: to wait, or not to retry.
///
/// [`Hint::from_headers`] lists the headers that are read, with order and units. Dates are compared with
/// the system's wall clock; no other function reads it. On wasm32-unknown-unknown, which has none, a date means now
/// where the response has no `Date` of its own: [`hint_at`] takes the time.
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

/// The hint in the headers of a response at the time `now`, counted from 1970.
pub fn hint_at(headers: &HeaderMap, now: Duration) -> Option<Hint> {
    Hint::from_headers(|name| values(headers, name), now)
}

/// Returns whether the headers order a retry; `None` where they order nothing ([`Hint::should_retry`]).
pub(super) fn should_retry(headers: &HeaderMap) -> Option<bool> {
    Hint::should_retry(|name| values(headers, name))
}

/// The values of a header, one for each of its lines.
fn values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
}

/// The time since 1970; zero before.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn wall_clock() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Later than all dates, which so mean "now": `SystemTime::now` panics here.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn wall_clock() -> Duration {
    Duration::MAX
}
