//! The blocking driver: calls, sleeps and tells.

use std::thread;
use std::time::Duration;

use rebackoff_core::{Cost, Seconds, Verdict};

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
        self.run(H::TIMED).0
    }

    /// The same, and how it went.
    pub fn outcome(self) -> Outcome<O> {
        let (result, session) = self.run(true);
        session.report(result)
    }
}

impl<'p, F, H, S, O> Call<'p, F, H, Blocking<S>>
where
    F: Target<Blocking<S>, Outcome = O, Call = O>,
    H: Hook<O>,
    S: Sleeper,
{
    #[inline]
    fn run(self, timed: bool) -> (O, Session<'p, S>) {
        let (target, mut hooks, mut session) = self.into_parts();
        if let Err(outcome) = session.admit(&mut hooks) {
            return (outcome, session);
        }
        if session.handle_start(timed) {
            run_seen(target, hooks, session)
        } else {
            run_as::<false, _, _, _, _>(target, hooks, session)
        }
    }
}

/// Apart, so that a call which nothing watches stays short.
#[cold]
#[inline(never)]
fn run_seen<F, H, S, O>(target: F, hooks: H, session: Session<'_, S>) -> (O, Session<'_, S>)
where
    F: Target<Blocking<S>, Outcome = O, Call = O>,
    H: Hook<O>,
    S: Sleeper,
{
    run_as::<true, _, _, _, _>(target, hooks, session)
}

#[inline]
fn run_as<const SEEN: bool, F, H, S, O>(
    mut target: F,
    mut hooks: H,
    session: Session<'_, S>,
) -> (O, Session<'_, S>)
where
    F: Target<Blocking<S>, Outcome = O, Call = O>,
    H: Hook<O>,
    S: Sleeper,
{
    session.handle_try(&mut hooks);
    let outcome = call::<SEEN, _, _>(&mut target, &session);
    match session.judge(&outcome, &mut hooks) {
        Verdict::Accept => (outcome, session),
        verdict => run_on::<SEEN, _, _, _, _>(target, hooks, session, outcome, verdict),
    }
}

/// Goes on after a first try that failed; apart and by value, so that success costs nothing.
#[cold]
#[inline(never)]
fn run_on<const SEEN: bool, F, H, S, O>(
    mut target: F,
    mut hooks: H,
    mut session: Session<'_, S>,
    mut outcome: O,
    mut verdict: Verdict,
) -> (O, Session<'_, S>)
where
    F: Target<Blocking<S>, Outcome = O, Call = O>,
    H: Hook<O>,
    S: Sleeper,
{
    while let Some(wait) = session.handle_failure(SEEN, &outcome, verdict, Cost::Retry, &mut hooks)
    {
        drop(hooks.keep(outcome));
        sleep(&session.clock, wait);
        if let Err(kept) = session.readmit(&mut hooks) {
            return (kept, session);
        }
        session.handle_try(&mut hooks);
        outcome = call::<SEEN, _, _>(&mut target, &session);
        verdict = session.judge(&outcome, &mut hooks);
    }
    (outcome, session)
}

/// One try; where the call is seen, in its scope.
#[inline]
fn call<const SEEN: bool, F, S>(target: &mut F, session: &Session<'_, S>) -> F::Call
where
    F: Target<Blocking<S>>,
    S: Sleeper,
{
    if SEEN {
        session.scope().within(|| target.call(|| session.attempt(SEEN)))
    } else {
        target.call(|| session.attempt(SEEN))
    }
}

/// Waits; a wait of zero arms no timer, but lets other threads run.
#[inline]
pub(crate) fn sleep(sleeper: &impl Sleeper, wait: Seconds) {
    match wait.to_nanos() {
        0 => thread::yield_now(),
        nanos => sleeper.sleep(Duration::from_nanos(nanos)),
    }
}
