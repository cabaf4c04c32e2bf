//! The guards of a folder.

use std::path::Path;

use rebackoff_core::{Breaker, Budget, HostGuard};

use super::file::{Contents, open_existing};
use super::mapping::StateOfAtomics;
use super::{Host, HostEntry, HostGuardRef, SharedError, folder, name};

impl Host {
    /// The guards in the folder, by name; for each file that is none, what is wrong.
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub fn guards(&self) -> Result<Vec<Result<HostEntry, SharedError>>, SharedError> {
        let files = folder::files(self.folder())?;
        Ok(files.iter().filter_map(|file| self.entry(file).transpose()).collect())
    }

    fn entry(&self, file: &str) -> Result<Option<HostEntry>, SharedError> {
        let Some((name, kind)) = name::parts(file) else { return Ok(None) };
        let guard = match kind {
            Breaker::KIND => HostGuardRef::Breaker(self.found(file, name)?),
            Budget::KIND => HostGuardRef::Budget(self.found(file, name)?),
            _ => return Ok(None),
        };
        Ok(Some(HostEntry { name: name.to_owned(), guard }))
    }

    fn found<G: StateOfAtomics>(&self, file: &str, name: &str) -> Result<&'static G, SharedError> {
        let guard: G = read(self.folder(), file)?;
        if name::of_file::<G>(name, &guard.parameters()) == file {
            return Ok(self.share(name, guard)?.guard);
        }
        let problem = "was made by another version of rebackoff, whose processes share it";
        Err(SharedError::refused(&self.folder().join(file), problem))
    }
}

/// The descriptions of the guards of this name and kind, without the one in `path`.
pub(super) fn others<G: StateOfAtomics>(folder: &Path, name: &str, path: &Path) -> Vec<String> {
    let is_other = |file: &String| {
        name::parts(file) == Some((name, G::KIND)) && folder.join(file.as_str()) != path
    };
    let files = folder::files(folder).unwrap_or_default();
    let guards = files.iter().filter(|file| is_other(file)).map(|file| read::<G>(folder, file));
    guards.flatten().map(|guard| guard.to_string()).collect()
}

/// The guard that a file was made for, with a state of its own.
fn read<G: HostGuard>(folder: &Path, file: &str) -> Result<G, SharedError> {
    let path = folder.join(file);
    let (opened, _) = open_existing(&folder::opened(folder)?, &path, file)?
        .ok_or_else(|| SharedError::refused(&path, "was removed"))?;
    let parameters = Contents::read(&opened, &path)?.parameters;
    G::from_parameters(&parameters).map_err(|error| SharedError::refused(&path, error.to_string()))
}
