//! The blocking driver: calls, sleeps and reports.

use std::ops::ControlFlow;

use rebackoff_core::{Policy, Verdict};

use crate::call::Call;
use crate::guards::{Guarding, KeptBy, Rejects};
use crate::hooks::Hook;
use crate::kept::Keep;
use crate::mode::Blocking;
use crate::session::{FailedTry, Session};
use crate::signal::BlockingWait;
use crate::target::Target;
use crate::{Outcome, Sleeper};

impl<P, F, H, S, C, G, O> Call<P, F, H, Blocking<S, C>, G>
where
    P: AsRef<Policy>,
    F: Target<Blocking<S, C>, Outcome = O, Call = O>,
    H: Hook<O>,
    S: Sleeper,
    C: BlockingWait<S>,
    G: Guarding<Rejection: Rejects<O>>,
{
    /// Calls the target until it succeeds or the engine gives up, and returns the last outcome,
    /// untouched.
    #[inline]
    pub fn call(self) -> O {
        self.run(|outcome, _| outcome)
    }

    /// Calls the target as [`call`](Self::call) does, and returns the outcome with tries, time and
    /// reason.
    pub fn outcome(self) -> Outcome<O> {
        self.scope().run(|result, session| session.report(result))
    }

    #[inline]
    fn run<R>(self, end: impl FnOnce(O, &Session<P, S, H, G>) -> R) -> R {
        let (target, signal, mut session) = self.into_parts();
        if let Err(rejection) = session.admit() {
            return reject(session, rejection, end);
        }
        session.count_first_try();
        if session.is_visible() {
            run_as::<true, _, _, _, _, _, _, _, _>(target, signal, session, end)
        } else {
            run_as::<false, _, _, _, _, _, _, _, _>(target, signal, session, end)
        }
    }
}

/// Ends a call that a breaker rejects; by value, so that an admitted call stays in registers.
#[cold]
#[inline(never)]
fn reject<P, H, S, G, O, R>(
    mut session: Session<P, S, H, G>,
    rejection: G::Rejection,
    end: impl FnOnce(O, &Session<P, S, H, G>) -> R,
) -> R
where
    P: AsRef<Policy>,
    H: Hook<O>,
    S: Sleeper,
    G: Guarding<Rejection: Rejects<O>>,
{
    let outcome = session.handle_rejection(rejection);
    end(outcome, &session)
}

#[inline]
fn run_as<const VISIBLE: bool, P, F, H, S, C, G, O, R>(
    mut target: F,
    signal: C,
    mut session: Session<P, S, H, G>,
    end: impl FnOnce(O, &Session<P, S, H, G>) -> R,
) -> R
where
    P: AsRef<Policy>,
    F: Target<Blocking<S, C>, Outcome = O, Call = O>,
    H: Hook<O>,
    S: Sleeper,
    C: BlockingWait<S>,
    G: Guarding<Rejection: Rejects<O>>,
{
    let scope = session.begin::<VISIBLE, _>();
    let outcome = target.call(|| session.attempt(&scope));
    drop(scope);
    match session.judge(&outcome) {
        Verdict::Accept => end(outcome, &session),
        verdict => {
            let (outcome, session) =
                run_on::<VISIBLE, _, _, _, _, _, _, _>(target, signal, session, outcome, verdict);
            end(outcome, &session)
        }
    }
}

/// Goes on after a first try that failed; apart and by value, so that success costs nothing.
#[cold]
#[inline(never)]
fn run_on<const VISIBLE: bool, P, F, H, S, C, G, O>(
    mut target: F,
    mut signal: C,
    mut session: Session<P, S, H, G>,
    mut outcome: O,
    mut verdict: Verdict,
) -> (O, Session<P, S, H, G>)
where
    P: AsRef<Policy>,
    F: Target<Blocking<S, C>, Outcome = O, Call = O>,
    H: Hook<O>,
    S: Sleeper,
    C: BlockingWait<S>,
    G: Guarding<Rejection: Rejects<O>>,
{
    while verdict != Verdict::Accept {
        let failure = FailedTry::new(verdict, G::Rejection::is_rejection(&outcome));
        let wait = session.handle_failure::<VISIBLE, _>(&outcome, failure);
        let Some(wait) = wait else { break };
        let mut kept = <(KeptBy<G, O>, C::Kept<O>)>::keep(outcome);
        let wait = session.skip(wait);
        let cancelled = signal.wait(&session.clock, wait);
        if let ControlFlow::Break(outcome) =
            session.handle_resume::<VISIBLE, _>(cancelled, &mut kept)
        {
            return (outcome, session);
        }
        let scope = session.enter::<VISIBLE>();
        outcome = target.call(|| session.attempt(&scope));
        drop(scope);
        verdict = session.judge(&outcome);
    }
    (outcome, session)
}
