//! What the attributes expand to: a loop of tries around the body, with the setters of a call.
//! Not for direct use.
//!
//! These are functions, not methods, so that a type that does not fit is told by the bound that it
//! misses.
#![allow(missing_docs, missing_debug_implementations)]

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use rebackoff_core::{Cost, Policy, Seconds, Verdict};

use crate::hooks::{Hook, OnError};
use crate::session::Session;
use crate::sleepers::{DefaultSleeper, ThreadSleeper};
use crate::target::Target;
use crate::wait::Wait;
use crate::{Async, AsyncSleeper, Attempt, Blocking, Call, Clock, Mode, Sleeper, blocking};

pub use std::borrow::Borrow;
pub use std::ops::ControlFlow;
pub use std::time::Duration;

/// A body that the attribute calls itself; it only tells the setters what the body gives.
#[derive(Debug)]
pub struct Body<O>(PhantomData<fn() -> O>);

impl<O, M> Target<M> for Body<O> {
    type Outcome = O;
    type Call = ();

    fn call(&mut self, _: impl FnOnce() -> Attempt) {}
}

/// What `on_error` can be put on.
#[diagnostic::on_unimplemented(
    message = "`on_error` retries on `Err`: the function must return a `Result`, not `{Self}`",
    label = "not a `Result`",
    note = "`on_predicate` retries on other values"
)]
pub trait Fallible {
    /// Named by what follows, so that the compiler complains once of what is no `Result`.
    type Hook;

    const HOOK: Self::Hook;
}

impl<T, E> Fallible for Result<T, E> {
    type Hook = OnError;

    const HOOK: OnError = OnError;
}

/// Retries while the predicate is true for the outcome.
#[derive(Debug)]
pub struct While<C>(C);

impl<O, C: FnMut(&O) -> bool> Hook<O> for While<C> {
    const TIMED: bool = false;

    #[inline]
    fn judge(&mut self, outcome: &O, _: Verdict) -> Verdict {
        if (self.0)(outcome) { Verdict::Retry } else { Verdict::Accept }
    }
}

#[inline]
pub fn on_error<O: Fallible>(
    policy: &Policy,
) -> Call<'_, Body<O>, O::Hook, Blocking<ThreadSleeper>> {
    Call::new(policy, Body(PhantomData), O::HOOK, Blocking(ThreadSleeper))
}

#[inline]
pub fn on_error_async<O: Fallible>(
    policy: &Policy,
) -> Call<'_, Body<O>, O::Hook, Async<DefaultSleeper>> {
    Call::new(policy, Body(PhantomData), O::HOOK, Async(DefaultSleeper::default()))
}

#[inline]
pub fn on_predicate<O, C: FnMut(&O) -> bool>(
    policy: &Policy,
    predicate: C,
) -> Call<'_, Body<O>, While<C>, Blocking<ThreadSleeper>> {
    Call::new(policy, Body(PhantomData), While(predicate), Blocking(ThreadSleeper))
}

#[inline]
pub fn on_predicate_async<O, C: FnMut(&O) -> bool>(
    policy: &Policy,
    predicate: C,
) -> Call<'_, Body<O>, While<C>, Async<DefaultSleeper>> {
    Call::new(policy, Body(PhantomData), While(predicate), Async(DefaultSleeper::default()))
}

/// A call whose body the attribute runs.
pub struct Running<'p, O, H, S: Clock> {
    session: Session<'p, S>,
    hooks: H,
    outcome: PhantomData<fn() -> O>,
}

impl<'p, O, H: Hook<O>, S: Clock> Running<'p, O, H, S> {
    #[inline]
    fn new<M: Mode<Clock = S>>(call: Call<'p, Body<O>, H, M>) -> Self {
        let (_, hooks, mut session) = call.into_parts();
        session.handle_start(H::TIMED);
        Self { session, hooks, outcome: PhantomData }
    }
}

#[inline]
pub fn start<O, H: Hook<O>, S: Sleeper>(
    call: Call<'_, Body<O>, H, Blocking<S>>,
) -> Running<'_, O, H, S> {
    Running::new(call)
}

#[inline]
pub fn start_async<O, H: Hook<O>, S: AsyncSleeper>(
    call: Call<'_, Body<O>, H, Async<S>>,
) -> Running<'_, O, H, S> {
    Running::new(call)
}

/// Begins a try, unless the guards refuse it: then the outcome is the call's.
#[inline]
pub fn begin<O, H: Hook<O>, S: Clock>(running: &mut Running<'_, O, H, S>) -> ControlFlow<O> {
    let Running { session, hooks, .. } = running;
    let admitted = if session.tries() == 1 { session.admit(hooks) } else { session.readmit(hooks) };
    match admitted {
        Ok(()) => session.handle_try(hooks),
        Err(outcome) => return ControlFlow::Break(outcome),
    }
    ControlFlow::Continue(())
}

/// Runs a blocking body: `?` and `return` leave it, not the function.
#[inline]
pub fn once<O, H, S: Clock>(running: &Running<'_, O, H, S>, body: impl FnOnce() -> O) -> O {
    if running.session.is_seen() { running.session.scope().within(body) } else { body() }
}

/// An async body, in the scope of its call.
#[inline]
pub fn within<'r, 'p, O, H, S, Body>(
    running: &'r mut Running<'p, O, H, S>,
    body: Body,
) -> Within<'r, 'p, O, H, S, Body>
where
    H: Hook<O>,
    S: Clock,
    Body: Future<Output = O>,
{
    Within { running, body }
}

pin_project! {
    /// An async body that runs.
    #[must_use = "futures do nothing unless polled"]
    pub struct Within<'r, 'p, O, H, S: Clock, Body> {
        running: &'r mut Running<'p, O, H, S>,
        #[pin]
        body: Body,
    }
}

impl<O, H, S, Body> Future for Within<'_, '_, O, H, S, Body>
where
    H: Hook<O>,
    S: Clock,
    Body: Future<Output = O>,
{
    type Output = O;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<O> {
        let this = self.project();
        let Running { session, hooks, .. } = &mut **this.running;
        let poll = || hooks.poll(|| this.body.poll(context));
        if session.is_seen() { session.scope().within(poll) } else { poll() }
    }
}

/// An outcome that never comes.
#[inline]
#[allow(clippy::empty_loop, reason = "it is never run")]
pub fn never<O>() -> O {
    loop {}
}

/// Waits for the next try, unless `outcome` is the call's.
#[inline]
pub fn settle<O, H: Hook<O>, S: Sleeper>(
    running: &mut Running<'_, O, H, S>,
    outcome: O,
) -> ControlFlow<O> {
    match running.session.judge(&outcome, &mut running.hooks) {
        Verdict::Accept => ControlFlow::Break(outcome),
        verdict => {
            let wait = back_off(running, outcome, verdict)?;
            blocking::sleep(&running.session.clock, wait);
            ControlFlow::Continue(())
        }
    }
}

/// The wait for the next try, unless `outcome` is the call's.
#[inline]
pub fn settle_async<O, H: Hook<O>, S: AsyncSleeper>(
    running: &mut Running<'_, O, H, S>,
    outcome: O,
) -> ControlFlow<O, impl Future<Output = ()> + use<O, H, S>> {
    match running.session.judge(&outcome, &mut running.hooks) {
        Verdict::Accept => ControlFlow::Break(outcome),
        verdict => {
            let wait = back_off(running, outcome, verdict)?;
            ControlFlow::Continue(Wait::new(&running.session.clock, wait))
        }
    }
}

/// Apart, so that success stays short.
#[cold]
#[inline(never)]
fn back_off<O, H: Hook<O>, S: Clock>(
    running: &mut Running<'_, O, H, S>,
    outcome: O,
    verdict: Verdict,
) -> ControlFlow<O, Seconds> {
    match running.session.handle_failure(true, &outcome, verdict, Cost::Retry, &mut running.hooks) {
        Some(wait) => {
            drop(running.hooks.keep(outcome));
            ControlFlow::Continue(wait)
        }
        None => ControlFlow::Break(outcome),
    }
}
