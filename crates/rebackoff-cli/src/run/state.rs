//! What is kept between runs.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rebackoff_core::{Engine, Seconds};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::conditions::Judge;
use crate::Failure;
use crate::ending::Ending;
use crate::failure::reason;

/// A call that goes on in another run. Times are seconds, moments are seconds since 1970 by the wall clock: no other
/// clock outlasts a reboot.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    version: u8,
    /// Tries that were made.
    pub(super) tries: u64,
    /// Successes in a row, for `--consecutive`.
    streak: u64,
    /// The last raw wait, from which the next one may follow.
    raw_wait: f64,
    started: f64,
    /// When the wait is over.
    next: f64,
    /// Of the last try.
    pub(super) exit_code: u8,
}

const VERSION: u8 = 1;

impl State {
    pub(super) fn after(
        engine: &Engine,
        judge: &Judge,
        elapsed: Duration,
        wait: Duration,
        ending: Ending,
    ) -> Self {
        let now = now();
        Self {
            version: VERSION,
            tries: engine.tries() - 1,
            streak: judge.streak(),
            raw_wait: engine.raw_wait().get(),
            started: (now - elapsed.as_secs_f64()).max(0.0),
            next: now + wait.as_secs_f64(),
            exit_code: ending.code(),
        }
    }

    // Getters

    /// What is left of the wait.
    pub(super) fn wait_left(&self) -> Option<Duration> {
        Seconds::new(self.next - now()).map(Seconds::to_duration).filter(|left| !left.is_zero())
    }

    /// Since the first try began. A clock that was set back makes it shorter, never negative.
    pub(super) fn elapsed(&self) -> Duration {
        Seconds::new(now() - self.started).map(Seconds::to_duration).unwrap_or_default()
    }

    pub(super) fn resume(&self) -> (Engine, u64) {
        let raw_wait = Seconds::new(self.raw_wait).unwrap_or_default();
        (Engine::resume(self.tries, raw_wait), self.streak)
    }
}

/// The file that the state is in, locked for this run.
pub(super) struct Store {
    path: PathBuf,
    state: Option<State>,
    /// The state's own file is replaced each time, and cannot hold a lock.
    _lock: File,
}

impl Store {
    /// # Errors
    ///
    /// The file cannot be read, is locked by another run, or holds something else; it stays as it is.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let lock = lock(path)?;
        let state = match fs::read(path) {
            Ok(bytes) => Some(parse(path, &bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                return Err(Failure::io(format_args!("cannot read {}", path.display()), &error));
            }
        };
        Ok(Self { path: path.to_owned(), state, _lock: lock })
    }

    pub(super) fn state(&self) -> Option<&State> {
        self.state.as_ref()
    }

    /// Writes `state` in place of what was there: all of it, or nothing.
    pub(super) fn keep(&mut self, state: State) -> Result<(), Failure> {
        let written = self.replace(&state);
        self.state = Some(state);
        written.map_err(|error| {
            Failure::new(format_args!(
                "cannot write {}, which stays as it was: {}",
                self.path.display(),
                reason(&error)
            ))
        })
    }

    /// The call has ended: the next run begins another.
    pub(super) fn forget(&mut self) -> Result<(), Failure> {
        self.state = None;
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Failure::io(format_args!("cannot remove {}", self.path.display()), &error))
            }
            _ => Ok(()),
        }
    }

    fn replace(&self, state: &State) -> io::Result<()> {
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

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn parse(path: &Path, bytes: &[u8]) -> Result<State, Failure> {
    let wrong = |what: &dyn std::fmt::Display| {
        Failure::new(format_args!(
            "{} holds no state of rebackoff ({what}); it stays as it is: remove it to begin afresh",
            path.display()
        ))
    };
    let state: State = serde_json::from_slice(bytes).map_err(|error| wrong(&error))?;
    if state.version == VERSION {
        Ok(state)
    } else {
        Err(wrong(&format_args!("version {}, {VERSION} is known", state.version)))
    }
}

fn lock(path: &Path) -> Result<File, Failure> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let cannot =
        |error: &io::Error| Failure::io(format_args!("cannot lock {}", name.display()), error);
    let file =
        File::options().create(true).append(true).open(&name).map_err(|error| cannot(&error))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => {
            Err(Failure::new(format_args!("{} is in use by another run", path.display())))
        }
        Err(error) => Err(cannot(&error.into())),
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
