//! Reports of a fleet about its own state: one when it loses its store, one when it has it again.

/// A change of a fleet; [`Fleet::take_report`](super::Fleet::take_report) returns the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FleetReport {
    /// Guards go on without the store, because of this error.
    Degraded(String),
    /// All guards share their state again.
    Recovered,
}

/// Guards go on without the store.
#[cfg_attr(not(feature = "tracing"), allow(unused_variables))]
pub(super) fn degraded(error: &str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(error, "guards go on without the fleet's store");
}

/// All guards share their state again.
pub(super) fn recovered() {
    #[cfg(feature = "tracing")]
    tracing::info!("the fleet's store is back: all guards are shared again");
}
