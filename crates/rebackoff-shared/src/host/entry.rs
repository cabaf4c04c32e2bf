use rebackoff_core::{Breaker, Budget};

/// A guard that was opened.
#[derive(Debug)]
pub struct Opened<G: 'static> {
    /// The guard.
    pub guard: &'static G,
    /// The guards of this name and kind that have other parameters, as they describe themselves. Given
    /// once in a process.
    pub others: Vec<String>,
}

/// A guard that was found in the folder.
#[derive(Debug)]
pub struct HostEntry {
    /// The name.
    pub name: String,
    /// The guard.
    pub guard: HostGuardRef,
}

/// A shared guard of either kind.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum HostGuardRef {
    /// A breaker.
    Breaker(&'static Breaker),
    /// A budget.
    Budget(&'static Budget),
}
