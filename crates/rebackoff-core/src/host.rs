//! Guards that the processes of a host share: what `rebackoff-shared` needs of them.

use alloc::vec::Vec;
use core::fmt;

use crate::{Moment, PolicyError};

/// The number of words that the parameters of a guard fill.
const WORDS: usize = 16;

/// The parameters of a guard: equal ones make equal guards.
pub type GuardParameters = [u64; WORDS];

/// A guard whose state can lie in memory that processes share.
///
/// The state consists of 64-bit atomics, and zeros are the state of a new guard. It begins
/// `STATE` bytes into the guard; before it lies what belongs to the process.
pub trait HostGuard: fmt::Display + Sized + Send + Sync + 'static {
    /// The kind in names of files and in messages.
    const KIND: &'static str;

    /// The version of the layout of the state, and of the parameters.
    const LAYOUT: u64 = 1;

    /// The offset of the state.
    const STATE: usize;

    /// This guard with the clock of the host.
    fn with_host_clock(self, clock: HostClock) -> Self;

    /// The parameters.
    fn parameters(&self) -> GuardParameters;

    /// The guard with these parameters.
    ///
    /// # Errors
    ///
    /// The words are no parameters of a guard of this kind.
    fn from_parameters(words: &GuardParameters) -> Result<Self, PolicyError>;

    /// The counters of all processes together, by name.
    fn host_counts(&self) -> Vec<(&'static str, u64)>;
}

/// The clock of a guard that the processes of a host share, whatever clock its calls have.
#[derive(Clone, Copy)]
pub struct HostClock(&'static (dyn Fn() -> Moment + Send + Sync));

impl HostClock {
    /// The clock that `read` reads.
    pub const fn new(read: &'static (dyn Fn() -> Moment + Send + Sync)) -> Self {
        Self(read)
    }

    /// The moment now.
    pub fn now(self) -> Moment {
        (self.0)()
    }
}

impl fmt::Debug for HostClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostClock")
    }
}
