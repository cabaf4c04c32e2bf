//! The expansion of the attributes: a call of the body, or a loop where it is async, with the setters of a call. Not
//! for direct use.
//!
//! These are functions, not methods, so that the compiler names the bound that a type misses.
#![allow(missing_docs, missing_debug_implementations)]

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use rebackoff_core::{Events, Policy, Verdict};

use crate::call::Call;
use crate::guards::{Guarding, GuardsOfCall, KeptBy, Rejects};
use crate::hooks::{Hook, OnError};
use crate::loops::begin_wait;
use crate::mode::{Async, Blocking, Mode};
use crate::session::{FailedTry, Session};
use crate::sleepers::{DefaultSleeper, ThreadSleeper};
use crate::source::PolicySource;
use crate::target::Target;
use crate::timeout::TimedTry;
use crate::wait::Wait;
use crate::{AsyncSleeper, Attempt, Clock, Sleeper};

pub use std::ops::ControlFlow;
pub use std::time::Duration;

/// The place of the body, which comes last; it gives the setters the type of the outcome.
#[derive(Debug)]
pub struct Body<O>(PhantomData<fn() -> O>);

impl<O, M> Target<M> for Body<O> {
    type Outcome = O;
    type Call = ();

    fn call(&mut self, _: impl FnOnce() -> Attempt) {}
}

/// The return types of functions that `on_error` can be put on.
#[diagnostic::on_unimplemented(
    message = "`on_error` retries on `Err`: the function must return a `Result`, not `{Self}`",
    label = "not a `Result`",
    note = "`on_predicate` retries on other values"
)]
pub trait Fallible {
    /// Named by the functions below, so that the compiler reports a type that is no `Result` once.
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
    const EVENTS: Events = Events::NONE;

    #[inline]
    fn judge(&mut self, outcome: &O, _: Verdict) -> Verdict {
        if (self.0)(outcome) { Verdict::Retry } else { Verdict::Accept }
    }
}

/// A call in the making, of a body that gives `O`.
type Attributed<'p, R, O, H, M> = Call<
    <R as PolicySource>::Policy<'p>,
    Body<O>,
    H,
    M,
    GuardsOfCall<<R as PolicySource>::Breakers, <R as PolicySource>::Budgets>,
>;

#[inline]
pub fn on_error<O: Fallible, R: PolicySource>(
    policy: &R,
) -> Attributed<'_, R, O, O::Hook, Blocking<ThreadSleeper>> {
    Call::new(policy, Body(PhantomData), O::HOOK, Blocking::new(ThreadSleeper))
}

#[inline]
pub fn on_error_async<O: Fallible, R: PolicySource>(
    policy: &R,
) -> Attributed<'_, R, O, O::Hook, Async<DefaultSleeper>> {
    Call::new(policy, Body(PhantomData), O::HOOK, Async::new(DefaultSleeper::default()))
}

#[inline]
pub fn on_predicate<O, R: PolicySource, C: FnMut(&O) -> bool>(
    policy: &R,
    predicate: C,
) -> Attributed<'_, R, O, While<C>, Blocking<ThreadSleeper>> {
    Call::new(policy, Body(PhantomData), While(predicate), Blocking::new(ThreadSleeper))
}

#[inline]
pub fn on_predicate_async<O, R: PolicySource, C: FnMut(&O) -> bool>(
    policy: &R,
    predicate: C,
) -> Attributed<'_, R, O, While<C>, Async<DefaultSleeper>> {
    Call::new(policy, Body(PhantomData), While(predicate), Async::new(DefaultSleeper::default()))
}

/// Runs a blocking call of `body`, in which `?` and `return` leave the try, not the function.
#[inline]
pub fn run<P, O, H, S, G>(call: Call<P, Body<O>, H, Blocking<S>, G>, body: impl FnMut() -> O) -> O
where
    P: AsRef<Policy>,
    H: Hook<O>,
    S: Sleeper,
    G: Guarding<Rejection: Rejects<O>>,
{
    call.map_target(|_, _| body).call()
}

/// A call whose async body the attribute runs.
pub struct Running<P, O, H, S: Clock, G> {
    session: Session<P, S, H, G>,
    outcome: PhantomData<fn() -> O>,
}

/// Begins the first try, unless a breaker rejects the call: then the outcome is the call's.
#[inline]
pub fn start<P, O, H, M, G>(
    call: Call<P, Body<O>, H, M, G>,
) -> ControlFlow<O, Running<P, O, H, M::Sleeper, G>>
where
    P: AsRef<Policy>,
    H: Hook<O>,
    M: Mode,
    G: Guarding<Rejection: Rejects<O>>,
{
    let (_, _, mut session) = call.into_parts();
    if let Err(rejection) = session.admit() {
        return ControlFlow::Break(session.handle_rejection(rejection));
    }
    session.handle_start(H::EVENTS.are_timed());
    session.handle_try();
    ControlFlow::Continue(Running { session, outcome: PhantomData })
}

/// An async body, in the scope of its call.
#[inline]
pub fn within<P, O, H, S, G, Body>(
    running: &Running<P, O, H, S, G>,
    body: Body,
) -> Within<'_, P, O, H, S, G, Body>
where
    P: AsRef<Policy>,
    S: Clock,
    Body: Future,
{
    Within { running, body }
}

/// An async body that a timeout ends, in the scope of its call. Its output says whether it was late.
#[inline]
pub fn within_limit<P, O, H, S, G, L, Body>(
    running: &Running<P, O, H, S, G>,
    limit: Duration,
    late: L,
    body: Body,
) -> Within<'_, P, O, H, S, G, Limited<Body, L, &S>>
where
    P: AsRef<Policy>,
    S: AsyncSleeper,
    Body: Future<Output = O>,
    L: FnMut(Duration) -> O,
{
    let session = &running.session;
    let left = if session.is_visible() {
        session.attempt(&session.enter::<true>()).limit
    } else {
        session.attempt(&session.enter::<false>()).limit
    };
    let limit = left.map_or(limit, |left| left.min(limit));
    within(running, Limited { timed: TimedTry::begin(&session.clock, limit, late, || body) })
}

pin_project! {
    /// A body that a timeout ends.
    #[must_use = "futures do nothing unless polled"]
    pub struct Limited<Body, L, S: AsyncSleeper> {
        #[pin]
        timed: TimedTry<Body, L, S>,
    }
}

impl<O, Body, L, S> Future for Limited<Body, L, S>
where
    Body: Future<Output = O>,
    L: FnMut(Duration) -> O,
    S: AsyncSleeper,
{
    type Output = (O, bool);

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<(O, bool)> {
        let mut timed = self.project().timed;
        timed.as_mut().poll(context).map(|outcome| (outcome, timed.is_late()))
    }
}

/// Clones an argument that the body changes. Its name and its bound are in the compiler's message, and in what it
/// suggests, where the type is not `Clone`.
#[inline]
pub fn each_try_begins_with_a_clone_of<T: Clone>(argument: &T) -> T {
    argument.clone()
}

pin_project! {
    /// An async body that runs.
    #[must_use = "futures do nothing unless polled"]
    pub struct Within<'r, P, O, H, S: Clock, G, Body> {
        running: &'r Running<P, O, H, S, G>,
        #[pin]
        body: Body,
    }
}

impl<P, O, H, S, G, Body> Future for Within<'_, P, O, H, S, G, Body>
where
    P: AsRef<Policy>,
    S: Clock,
    Body: Future,
{
    type Output = Body::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Body::Output> {
        let this = self.project();
        let session = &this.running.session;
        let _scope = session.is_visible().then(|| session.enter::<true>());
        this.body.poll(context)
    }
}

/// An outcome that never comes.
#[inline]
#[allow(clippy::empty_loop, reason = "it is never run")]
pub fn never<O>() -> O {
    loop {}
}

/// Begins the wait for the next try, unless `outcome` is the call's.
#[inline]
pub fn settle_async<P, O, H, S, G>(
    running: &mut Running<P, O, H, S, G>,
    outcome: O,
    late: bool,
) -> ControlFlow<O, (impl Future<Output = ()> + use<P, O, H, S, G>, KeptBy<G, O>)>
where
    P: AsRef<Policy>,
    H: Hook<O>,
    S: AsyncSleeper,
    G: Guarding<Rejection: Rejects<O>>,
{
    match running.session.judge(&outcome) {
        Verdict::Accept => ControlFlow::Break(outcome),
        verdict => {
            let is_rejection = G::Rejection::is_rejection(&outcome);
            let failure = FailedTry { late, ..FailedTry::new(verdict, is_rejection) };
            let session = &mut running.session;
            let (wait, kept) = begin_wait(session, outcome, failure)?;
            let wait = session.skip(wait);
            ControlFlow::Continue((Wait::new(&session.clock, wait), kept))
        }
    }
}

/// Begins the next try, now that the wait is over, unless a breaker rejects it.
#[inline]
pub fn resume<P, O, H, S, G>(
    running: &mut Running<P, O, H, S, G>,
    mut kept: KeptBy<G, O>,
) -> ControlFlow<O>
where
    P: AsRef<Policy>,
    H: Hook<O>,
    S: AsyncSleeper,
    G: Guarding,
{
    running.session.handle_resume::<true, _>(false, &mut kept)
}
