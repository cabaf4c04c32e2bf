//! The way from one try to the next in loops that are not the library's: of a caller, of an attribute.

use std::ops::ControlFlow;
use std::time::Duration;

use rebackoff_core::Policy;

use crate::guards::{Guarding, KeptBy};
use crate::hooks::Hook;
use crate::kept::Keep;
use crate::session::{FailedTry, Session};
use crate::signal::{BlockingWait, NoSignal};
use crate::wait::Wait;
use crate::{AsyncSleeper, Clock, Sleeper};

/// Begins the wait for the next try. Breaks with `outcome` when the call gives up.
#[inline]
pub(crate) fn begin_wait<P, S, H, G, O>(
    session: &mut Session<P, S, H, G>,
    outcome: O,
    failure: FailedTry<'_>,
) -> ControlFlow<O, (Duration, KeptBy<G, O>)>
where
    P: AsRef<Policy>,
    S: Clock,
    H: Hook<O>,
    G: Guarding,
{
    match session.handle_failure::<true, _>(&outcome, failure) {
        Some(wait) => ControlFlow::Continue((wait, KeptBy::<G, O>::keep(outcome))),
        None => ControlFlow::Break(outcome),
    }
}

/// Waits for the next try, and begins it. Breaks with `outcome` when the call gives up.
#[cold]
#[inline(never)]
pub(crate) fn back_off<P, S, H, G, O>(
    session: &mut Session<P, S, H, G>,
    outcome: O,
    failure: FailedTry<'_>,
) -> ControlFlow<O>
where
    P: AsRef<Policy>,
    S: Sleeper,
    H: Hook<O>,
    G: Guarding,
{
    let (wait, mut kept) = begin_wait(session, outcome, failure)?;
    sleep(session, wait, &mut kept)
}

/// Sleeps `wait`, and begins the next try. Breaks with the outcome that was `kept` when a breaker rejects
/// that try.
#[inline]
pub(crate) fn sleep<P, S, H, G, O>(
    session: &mut Session<P, S, H, G>,
    wait: Duration,
    kept: &mut KeptBy<G, O>,
) -> ControlFlow<O>
where
    P: AsRef<Policy>,
    S: Sleeper,
    H: Hook<O>,
    G: Guarding,
{
    let wait = session.skip(wait);
    NoSignal.wait(&session.clock, wait);
    session.handle_resume::<true, _>(false, kept)
}

/// [`sleep`] for an async loop.
#[inline]
pub(crate) async fn sleep_async<P, S, H, G, O>(
    session: &mut Session<P, S, H, G>,
    wait: Duration,
    mut kept: KeptBy<G, O>,
) -> ControlFlow<O>
where
    P: AsRef<Policy>,
    S: AsyncSleeper,
    H: Hook<O>,
    G: Guarding,
{
    let wait = session.skip(wait);
    Wait::new(&session.clock, wait).await;
    session.handle_resume::<true, _>(false, &mut kept)
}

/// The result of a loop whose outcome is an error.
pub(crate) fn into_result<E>(flow: ControlFlow<E>) -> Result<(), E> {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}
