//! The way from one try to the next in loops that are not the library's: of a caller, of an attribute.

use std::ops::ControlFlow;
use std::time::Duration;

use rebackoff_core::Policy;

use crate::guards::{Guarding, KeptBy};
use crate::hooks::Hook;
use crate::kept::Keep;
use crate::session::{FailedTry, Session};
use crate::signal::{BlockingWait, NoSignal};
use crate::{Clock, Sleeper};

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
    NoSignal.wait(&session.clock, wait);
    session.handle_resume(false, &mut kept)
}
