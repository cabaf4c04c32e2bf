use std::any::Any;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

use rebackoff_core::{HostClock, Moment};

use super::file::GuardFile;
use super::mapping::{Seam, StateOfAtomics};
use super::watch::Watch;
use super::{Opened, SharedError, boot, folder, list, name};

/// The shared guards of this host: a folder of memory-mapped files.
///
/// The folder is `/dev/shm/rebackoff-UID`, or `/tmp/rebackoff-UID` on a host without `/dev/shm`;
/// `REBACKOFF_SHARED_DIR` names another. Folder and files must be the user's own, with the modes 0700 and
/// 0600.
///
/// A guard is mapped once in a process, and stays mapped.
#[derive(Clone, Debug)]
pub struct Host {
    folder: PathBuf,
    clock: fn() -> Moment,
}

impl Host {
    /// The host's default folder, or the one that the environment names.
    pub fn from_env() -> Self {
        Self::at(folder::chosen(std::env::var_os(folder::VARIABLE)))
    }

    /// The guards in `folder`, an absolute path. The folder is made where it is missing.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), clock: boot::clock }
    }

    /// Replaces the boot's clock, for tests.
    pub const fn with_clock(mut self, clock: fn() -> Moment) -> Self {
        self.clock = clock;
        self
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn share<G: StateOfAtomics>(
        &self,
        name: &str,
        guard: G,
    ) -> Result<Opened<G>, SharedError> {
        static OPEN: LazyLock<Mutex<HashMap<PathBuf, Box<dyn Any + Send>>>> =
            LazyLock::new(Mutex::default);
        name::check(name)?;
        let file = GuardFile::new(&self.folder, name, &guard, boot::id()?);
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let known = open.get(&file.path()).and_then(|guard| guard.downcast_ref::<&'static G>());
        if let Some(guard) = known {
            return Ok(Opened { guard, others: Vec::new() });
        }
        let path = file.path();
        let guard = self.map(file, guard)?;
        open.insert(path.clone(), Box::new(guard));
        let others = list::others::<G>(&self.folder, name, &path);
        #[cfg(feature = "tracing")]
        for other in &others {
            tracing::warn!(
                name,
                kind = G::KIND,
                "a shared guard of this name has other parameters: {other}; this one: {guard}"
            );
        }
        Ok(Opened { guard, others })
    }

    pub(super) fn map<G: StateOfAtomics>(
        &self,
        file: GuardFile,
        guard: G,
    ) -> Result<&'static G, SharedError> {
        let path = file.path();
        let (opened, stat) = file.open()?;
        let seam = Seam::new::<G>(&opened).map_err(SharedError::io("map", &path))?;
        let seam: &'static Seam = Box::leak(Box::new(seam));
        let watch = Watch::new(file, &stat, self.clock);
        let clock = HostClock::new(Box::leak(Box::new(move || watch.now(seam))));
        Ok(seam.place(&guard.with_host_clock(clock)))
    }
}
