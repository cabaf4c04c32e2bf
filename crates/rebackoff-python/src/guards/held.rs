//! Guards in memory, and guards that the processes of a host or of a fleet share.

use std::ops::Deref;
use std::sync::Arc;

use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use rebackoff_core::{Breaker, Budget, HostGuard, PolicyError};
use rebackoff_shared::fleet::{Fleet, FleetBreaker, FleetBudget};
use rebackoff_shared::{Host, Opened, SharedError};

use super::refused;

/// A guard of this process, of a host or of a fleet.
#[derive(Debug)]
pub(crate) enum Held<G: Guard> {
    Own(Arc<G>),
    Host(&'static G),
    Fleet(G::Member),
}

/// A guard that a fleet can share.
pub(crate) trait Guard: HostGuard {
    /// The guard of one member of a fleet.
    type Member: Member<Self>;
}

pub(crate) trait Member<G>: Clone + Sync {
    /// The guard, for a call that begins. The first one may wait for the store.
    fn for_call(&self) -> &G;

    /// The guard, for looking at it.
    fn guard(&self) -> &G;

    fn fleet(&self) -> &Fleet;

    fn is_ready(&self) -> bool;

    fn is_degraded(&self) -> bool;

    /// Reports a change of the guard.
    fn notify(&self);
}

macro_rules! members {
    ($($guard:ident: $member:ident, $get:ident, $is_ready:expr;)*) => {$(
        impl Guard for $guard {
            type Member = $member;
        }

        impl Member<$guard> for $member {
            fn for_call(&self) -> &$guard {
                self.for_call()
            }

            fn guard(&self) -> &$guard {
                self.$get()
            }

            fn fleet(&self) -> &Fleet {
                self.fleet()
            }

            fn is_ready(&self) -> bool {
                ($is_ready)(self)
            }

            fn is_degraded(&self) -> bool {
                self.is_degraded()
            }

            fn notify(&self) {
                self.notify();
            }
        }
    )*};
}

members! {
    Breaker: FleetBreaker, breaker, FleetBreaker::is_ready;
    Budget: FleetBudget, budget, |_| true;
}

impl<G: Guard> Clone for Held<G> {
    fn clone(&self) -> Self {
        match self {
            Self::Own(guard) => Self::Own(Arc::clone(guard)),
            Self::Host(guard) => Self::Host(guard),
            Self::Fleet(member) => Self::Fleet(member.clone()),
        }
    }
}

impl<G: Guard> Deref for Held<G> {
    type Target = G;

    fn deref(&self) -> &G {
        match self {
            Self::Own(guard) => guard,
            Self::Host(guard) => guard,
            Self::Fleet(member) => member.guard(),
        }
    }
}

impl<G: Guard> Held<G> {
    /// The guard, shared on the host if it has a name for that, and the descriptions of the guards of that name that
    /// have other parameters.
    pub(super) fn new(
        shared: Option<&str>,
        build: impl FnOnce() -> Result<G, PolicyError>,
        open: impl FnOnce(&str, &Host) -> Result<Opened<G>, SharedError>,
    ) -> PyResult<(Self, Vec<String>)> {
        let Some(name) = shared else {
            return Ok((Self::Own(Arc::new(build().map_err(refused)?)), Vec::new()));
        };
        let Opened { guard, others } = open(name, &Host::from_env()).map_err(not_shared)?;
        Ok((Self::Host(guard), others))
    }

    /// The counters of all processes of the host together; none for another guard.
    pub(super) fn host_counts(&self) -> Vec<(&'static str, u64)> {
        match self {
            Self::Host(guard) => guard.host_counts(),
            Self::Own(_) | Self::Fleet(_) => Vec::new(),
        }
    }

    /// The guard, for a call that begins. A wait for the store leaves the interpreter to other threads.
    pub(super) fn for_call(&self, py: Python<'_>) -> &G {
        match self {
            Self::Fleet(member) if member.is_ready() => member.for_call(),
            Self::Fleet(member) => py.detach(|| member.for_call()),
            _ => self,
        }
    }

    /// Reports a change of the guard to its fleet.
    pub(super) fn notify(&self) {
        if let Self::Fleet(member) = self {
            member.notify();
        }
    }

    /// Returns whether the fleet has changed since the program asked for that.
    pub(super) fn has_report(&self) -> bool {
        matches!(self, Self::Fleet(member) if member.fleet().has_report())
    }

    pub(super) fn is_degraded(&self) -> bool {
        matches!(self, Self::Fleet(member) if member.is_degraded())
    }
}

fn not_shared(error: SharedError) -> PyErr {
    match error {
        SharedError::Parameter(_) | SharedError::Name(_) => {
            PyValueError::new_err(error.to_string())
        }
        _ => PyOSError::new_err(error.to_string()),
    }
}
