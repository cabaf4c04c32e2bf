//! Guards in memory, and guards that the processes of a host share.

use std::ops::Deref;
use std::sync::Arc;

use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use rebackoff_core::{HostGuard, PolicyError};
use rebackoff_shared::{Host, Opened, SharedError};

use super::refused;

/// A guard of this process, or one that the processes of a host share.
#[derive(Debug)]
pub(crate) enum Held<G: 'static> {
    Own(Arc<G>),
    Shared(&'static G),
}

impl<G> Clone for Held<G> {
    fn clone(&self) -> Self {
        match self {
            Self::Own(guard) => Self::Own(Arc::clone(guard)),
            Self::Shared(guard) => Self::Shared(guard),
        }
    }
}

impl<G> Deref for Held<G> {
    type Target = G;

    fn deref(&self) -> &G {
        match self {
            Self::Own(guard) => guard,
            Self::Shared(guard) => guard,
        }
    }
}

impl<G: HostGuard> Held<G> {
    /// The guard, shared if it has a name for that, and the descriptions of the guards of that name that have
    /// other parameters.
    pub(super) fn new(
        shared: Option<&str>,
        build: impl FnOnce() -> Result<G, PolicyError>,
        open: impl FnOnce(&str, &Host) -> Result<Opened<G>, SharedError>,
    ) -> PyResult<(Self, Vec<String>)> {
        let Some(name) = shared else {
            return Ok((Self::Own(Arc::new(build().map_err(refused)?)), Vec::new()));
        };
        let Opened { guard, others } = open(name, &Host::from_env()).map_err(not_shared)?;
        Ok((Self::Shared(guard), others))
    }

    /// The counters of all processes together; none for a guard of this process.
    pub(super) fn host_counts(&self) -> Vec<(&'static str, u64)> {
        match self {
            Self::Own(_) => Vec::new(),
            Self::Shared(guard) => guard.host_counts(),
        }
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
