//! The state of a call between runs.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rebackoff_core::{Engine, Seconds};
use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::conditions::CommandJudge;
use super::timestamp::Timestamp;
use crate::CliError;
use crate::failure::reason;

/// A call that goes on in another run. Times are seconds.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedCall {
    version: u8,
    /// Tries that were made.
    pub(super) tries: u64,
    /// Successes in a row, for `--consecutive`.
    streak: u64,
    /// The last raw wait, from which the next one may follow.
    raw_wait: f64,
    /// The time from the start of the first try until this was written.
    elapsed: f64,
    /// The wait that was left when this was written.
    wait: f64,
    written: Timestamp,
    /// Of the last try.
    pub(super) exit_code: u8,
}

const VERSION: u8 = 2;

impl SavedCall {
    pub(super) fn after(
        engine: &Engine,
        judge: &CommandJudge,
        elapsed: Duration,
        wait: Duration,
        exit_code: u8,
    ) -> Self {
        Self {
            version: VERSION,
            tries: engine.tries(),
            streak: judge.streak(),
            raw_wait: engine.position().previous.get(),
            elapsed: elapsed.as_secs_f64(),
            wait: wait.as_secs_f64(),
            written: Timestamp::now(),
            exit_code,
        }
    }

    // Getters

    /// The rest of the wait: never more than the wait.
    pub(super) fn wait_left(&self) -> Option<Duration> {
        let left = self.wait - self.since_written().unwrap_or(0.0);
        Seconds::new(left).map(Seconds::to_duration).filter(|left| !left.is_zero())
    }

    /// The time since the first try began.
    pub(super) fn elapsed(&self) -> Duration {
        let elapsed = self.elapsed + self.since_written().unwrap_or(0.0);
        Seconds::new(elapsed).map(Seconds::to_duration).unwrap_or_default()
    }

    /// Returns whether no clock can say how long ago this was written: the clock of the system went back.
    fn is_adrift(&self) -> bool {
        self.since_written().is_none()
    }

    /// The time since this was written; `None` where no clock knows.
    fn since_written(&self) -> Option<f64> {
        Timestamp::now().since(&self.written)
    }

    pub(super) fn resume(&self) -> (Engine, u64) {
        let raw_wait = Seconds::new(self.raw_wait).unwrap_or_default();
        (Engine::resume(self.tries, raw_wait), self.streak)
    }
}

/// The file that the state is in, locked for this run.
pub(super) struct Store {
    path: PathBuf,
    state: Option<SavedCall>,
    /// The state's own file is replaced each time, and cannot hold a lock.
    _lock: File,
}

pub(super) enum Opened {
    Store(Store),
    /// Another run has it.
    Busy,
}

impl Store {
    /// # Errors
    ///
    /// The file cannot be read, or holds something else; it stays as it is.
    pub(super) fn open(path: &Path) -> Result<Opened, CliError> {
        let Some(lock) = lock(path)? else {
            return Ok(Opened::Busy);
        };
        let state = match read(path) {
            Ok(bytes) => Some(parse(path, &bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                return Err(CliError::io(format_args!("cannot read {}", path.display()), &error));
            }
        };
        let mut store = Self { path: path.to_owned(), state, _lock: lock };
        // From here on, the wait is measured by the clock as it is now.
        if let Some(state) = store.state.clone().filter(SavedCall::is_adrift) {
            store.keep(SavedCall { written: Timestamp::now(), ..state })?;
        }
        Ok(Opened::Store(store))
    }

    pub(super) fn state(&self) -> Option<&SavedCall> {
        self.state.as_ref()
    }

    /// Writes `state` in place of what was there: all of it, or nothing.
    pub(super) fn keep(&mut self, state: SavedCall) -> Result<(), CliError> {
        let written = self.replace(&state);
        self.state = Some(state);
        written.map_err(|error| {
            CliError::new(format_args!(
                "cannot write {}, which stays as it was: {}",
                self.path.display(),
                reason(&error)
            ))
        })
    }

    /// The call has ended: the next run begins another.
    pub(super) fn forget(&mut self) -> Result<(), CliError> {
        self.state = None;
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(CliError::io(format_args!("cannot remove {}", self.path.display()), &error))
            }
            _ => Ok(()),
        }
    }

    fn replace(&self, state: &SavedCall) -> io::Result<()> {
        let folder = folder_of(&self.path);
        let mut file = tempfile::Builder::new().prefix(".rebackoff-").tempfile_in(folder)?;
        let mut text = serde_json::to_vec(state)?;
        text.push(b'\n');
        file.write_all(&text)?;
        file.as_file().sync_all()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        // The new name is on the disk once its folder is.
        File::open(folder)?.sync_all()
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    // A pipe has no content to wait for.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file = File::from(open(path, flags, Mode::empty())?);
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn parse(path: &Path, bytes: &[u8]) -> Result<SavedCall, CliError> {
    let wrong = |what: &dyn std::fmt::Display| {
        CliError::new(format_args!(
            "{} holds no state of rebackoff ({what}); it stays as it is: remove it to begin afresh",
            path.display()
        ))
    };
    let state: SavedCall = serde_json::from_slice(bytes).map_err(|error| wrong(&error))?;
    if state.version == VERSION {
        Ok(state)
    } else {
        Err(wrong(&format_args!("version {}, {VERSION} is known", state.version)))
    }
}

/// Locks the state at `path`; gives `None` where another run has it. The lock is a file of its own, private, and no
/// symbolic link: the folder may be one that others write to.
fn lock(path: &Path) -> Result<Option<File>, CliError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let cannot = |error: Errno| {
        let link = if error == Errno::LOOP { "; it is a symbolic link: remove it" } else { "" };
        let error = reason(&error.into());
        CliError::new(format_args!("cannot lock {}: {error}{link}", name.display()))
    };
    let flags =
        OFlags::CREATE | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = open(&name, flags, Mode::RUSR | Mode::WUSR).map_err(cannot)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file.into())),
        Err(Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(cannot(error)),
    }
}
