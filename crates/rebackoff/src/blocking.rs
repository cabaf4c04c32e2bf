//! The blocking driver: calls, sleeps and tells.

use std::thread;
use std::time::Duration;

use crate::hooks::Hook;
use crate::session::Session;
use crate::target::Target;
use crate::{Blocking, Call, Outcome, Sleeper};

impl<F, H, S, O> Call<'_, F, H, Blocking<S>>
where
    F: Target<Blocking<S>, Outcome = O, Call = O>,
    H: Hook<O>,
    S: Sleeper,
{
    /// Calls the target until it succeeds or the engine gives up, and gives back what the last
    /// try gave, untouched.
    #[inline]
    pub fn call(self) -> O {
        let (mut target, mut hooks, mut session) = self.into_parts();
        session.handle_start(H::TIMED);
        run(&mut target, &mut hooks, &mut session)
    }

    /// The same, and how it went.
    pub fn outcome(self) -> Outcome<O> {
        let (mut target, mut hooks, mut session) = self.into_parts();
        session.handle_start(true);
        let result = run(&mut target, &mut hooks, &mut session);
        session.report(result)
    }
}

#[inline]
fn run<F, H, S, O>(target: &mut F, hooks: &mut H, session: &mut Session<'_, S>) -> O
where
    F: Target<Blocking<S>, Outcome = O, Call = O>,
    H: Hook<O>,
    S: Sleeper,
{
    loop {
        session.handle_try(hooks);
        let outcome = target.call(|| session.attempt());
        match session.handle_outcome(&outcome, hooks) {
            None => return outcome,
            Some(wait) => {
                drop(outcome);
                sleep(&session.clock, wait);
            }
        }
    }
}

/// Waits; a wait of zero arms no timer, but lets other threads run.
#[inline]
pub(crate) fn sleep(sleeper: &impl Sleeper, wait: Duration) {
    if wait.is_zero() {
        thread::yield_now();
    } else {
        sleeper.sleep(wait);
    }
}
