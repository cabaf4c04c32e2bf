//! Operating systems on which guards cannot be shared.

use std::path::{Path, PathBuf};

pub(super) use rebackoff_core::HostGuard as StateOfAtomics;
use rebackoff_core::Moment;

use super::{HostEntry, Opened, SharedError};

/// The shared guards of this host, of which there are none on this operating system.
#[derive(Clone, Debug)]
pub struct Host(PathBuf);

impl Host {
    /// The folder that the environment names.
    pub fn from_env() -> Self {
        Self::at(std::env::var_os("REBACKOFF_SHARED_DIR").unwrap_or_default())
    }

    /// The guards in `folder`.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// Replaces the boot's clock, for tests.
    pub const fn with_clock(self, _: fn() -> Moment) -> Self {
        self
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// The guards in the folder.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn guards(&self) -> Result<Vec<Result<HostEntry, SharedError>>, SharedError> {
        Err(SharedError::Unsupported)
    }

    #[allow(clippy::unused_self, reason = "as on Linux")]
    pub(super) fn share<G: StateOfAtomics>(&self, _: &str, _: G) -> Result<Opened<G>, SharedError> {
        Err(SharedError::Unsupported)
    }
}
