//! A wait in a loop of the caller's own, which the loop may look at first.

use std::fmt;
use std::time::Duration;

use rebackoff_core::Policy;

use crate::guards::{Guarding, KeptBy};
use crate::hooks::Hook;
use crate::loops::{self, into_result};
use crate::mode::{Async, Blocking, Mode};
use crate::session::Session;
use crate::{AsyncSleeper, Sleeper};

/// The wait before the next try, which has not begun: [`Tries::begin_backoff`](crate::engine::Tries::begin_backoff)
/// returns it.
#[must_use = "the loop waits in `sleep`, where the next try begins"]
pub struct Backoff<'t, P, M: Mode, H, G: Guarding, E> {
    session: &'t mut Session<P, M::Sleeper, H, G>,
    wait: Duration,
    kept: KeptBy<G, E>,
}

impl<'t, P, M: Mode, H, G: Guarding, E> Backoff<'t, P, M, H, G, E> {
    #[inline]
    pub(crate) fn new(
        session: &'t mut Session<P, M::Sleeper, H, G>,
        (wait, kept): (Duration, KeptBy<G, E>),
    ) -> Self {
        Self { session, wait, kept }
    }

    /// The time until the next try.
    pub const fn wait(&self) -> Duration {
        self.wait
    }
}

impl<P, S, C, H, G, E> Backoff<'_, P, Blocking<S, C>, H, G, E>
where
    P: AsRef<Policy>,
    S: Sleeper,
    H: Hook<E>,
    G: Guarding,
{
    /// Waits for the next try.
    ///
    /// # Errors
    ///
    /// The error of the last try, where a breaker rejects the next one.
    #[inline]
    pub fn sleep(mut self) -> Result<(), E> {
        into_result(loops::sleep(self.session, self.wait, &mut self.kept))
    }
}

impl<P, S, C, H, G, E> Backoff<'_, P, Async<S, C>, H, G, E>
where
    P: AsRef<Policy>,
    S: AsyncSleeper,
    H: Hook<E>,
    G: Guarding,
{
    /// Waits for the next try.
    ///
    /// # Errors
    ///
    /// The error of the last try, where a breaker rejects the next one.
    #[inline]
    pub async fn sleep(self) -> Result<(), E> {
        into_result(loops::sleep_async(self.session, self.wait, self.kept).await)
    }
}

impl<P, M: Mode, H, G: Guarding, E> fmt::Debug for Backoff<'_, P, M, H, G, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backoff").field("wait", &self.wait).finish_non_exhaustive()
    }
}
