//! The events and spans of the feature `tracing`, with the glossary's field names.

#[cfg(feature = "tracing")]
mod hook;
#[cfg(feature = "tracing")]
mod spans;

#[cfg(feature = "tracing")]
pub use hook::{Trace, TraceInLoop, TraceInPoll, Traced};
#[cfg(feature = "tracing")]
pub use spans::InSpan;

use std::time::Duration;

use rebackoff_core::{Reason, Seconds};

/// The event of a backoff of a call without a [`Trace`]. Its errors need no `Display`, so that it does not
/// name them. It has `elapsed` where the call reads the clock: with `max_time`, a handler, `.scope()` or
/// `.outcome()`.
#[cfg(feature = "tracing")]
pub(crate) fn backoff(tries: u64, elapsed: Option<Duration>, wait: Seconds) {
    tracing::info!(
        target: "rebackoff",
        tries,
        elapsed = elapsed.map(|elapsed| elapsed.as_secs_f64()),
        wait = wait.get(),
        "backing off"
    );
}

/// The event of a call without a [`Trace`] that gives up.
#[cfg(feature = "tracing")]
pub(crate) fn giveup(tries: u64, elapsed: Option<Duration>, reason: Reason) {
    tracing::error!(
        target: "rebackoff",
        tries,
        elapsed = elapsed.map(|elapsed| elapsed.as_secs_f64()),
        reason = reason.as_str(),
        "giving up"
    );
}

#[cfg(not(feature = "tracing"))]
#[inline]
pub(crate) const fn backoff(_: u64, _: Option<Duration>, _: Seconds) {}

#[cfg(not(feature = "tracing"))]
#[inline]
pub(crate) const fn giveup(_: u64, _: Option<Duration>, _: Reason) {}
