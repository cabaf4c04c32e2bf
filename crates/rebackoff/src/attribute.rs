//! The expansion of the attributes: a call of the body, or a loop where it is async, with the setters of a call. Not
//! for direct use.
//!
//! A wrong option is one error of the compiler, at its value. A function is called in a closure that the attribute
//! writes, which has the right type whatever stands in it. Another value goes through a method that exists for the right
//! types alone: a call of a missing method has no type, and the compiler reports nothing that uses it.
#![allow(missing_docs, missing_debug_implementations)]

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use rebackoff_core::{Breaker, Budget, Cost, Events, Health, Open, Policy, Seconds, Verdict};

use crate::call::Call;
use crate::guards::{Guarding, GuardsOfCall, Handle, KeptBy, Rejected, Rejects};
use crate::hooks::{Hook, OnError};
use crate::loops::begin_wait;
use crate::mode::{Async, Blocking, Mode};
use crate::session::{FailedTry, Session};
use crate::source::PolicySource;
use crate::target::Target;
use crate::timeout::TimedTry;
use crate::wait::Wait;
use crate::{AsyncSleeper, Attempt, Clock, Sleeper};

pub use std::ops::ControlFlow;
pub use std::time::Duration;

pub use crate::sleepers::{DefaultSleeper, ThreadSleeper};

/// The place of the body, which comes last; it gives the setters the type of the outcome.
#[derive(Debug)]
pub struct Body<O>(PhantomData<fn() -> O>);

impl<O> Clone for Body<O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O> Copy for Body<O> {}

impl<O, M> Target<M> for Body<O> {
    type Outcome = O;
    type Call = ();

    fn call(&mut self, _: impl FnOnce() -> Attempt) {}
}

/// The return types of functions that `on_error` can be put on.
#[diagnostic::on_unimplemented(
    message = "`on_error` retries on `Err`: the function must return a `Result`",
    label = "not a `Result`",
    note = "`on_predicate` retries on other values"
)]
pub trait Fallible {}

impl<T, E> Fallible for Body<Result<T, E>> {}

/// The value of an option, unchecked, of a call whose outcome is `O`.
#[derive(Debug)]
pub struct Given<T, O>(T, PhantomData<fn() -> O>);

macro_rules! checks {
    ($($check:ident: $bound:path;)*) => {$(
        impl<O, T: $bound> Given<T, O> {
            #[inline]
            pub fn $check(self) -> T {
                self.0
            }
        }
    )*};
}

// The compiler's message has the method's name, and the bound that is missing.
checks! {
    is_a_policy: PolicySource;
    is_a_budget_or_a_handle_to_one: Handle<Budget>;
    is_a_breaker_or_a_handle_to_one: Handle<Breaker>;
    is_a_hook: Hook<O>;
    is_a_sleeper: Sleeper;
    is_an_async_sleeper: AsyncSleeper;
}

impl<O> Body<O>
where
    Self: Fallible,
{
    #[inline]
    pub fn returns_a_result(self) -> Self {
        self
    }
}

impl<O: Rejected> Body<O> {
    #[inline]
    pub fn can_be_made_of_a_rejection(self) -> Self {
        self
    }
}

macro_rules! asks {
    ($($answer:ty: $($option:ident)*;)*) => {$($(
        #[inline]
        #[allow(clippy::unused_unit, reason = "a handler has no answer")]
        pub fn $option<T>(value: T, function: &mut impl FnMut(T) -> $answer) -> $answer {
            function(value)
        }
    )*)*};
}

// Calls of the functions that the options hold.
asks! {
    bool: on_predicate when giveup until;
    Option<Duration>: hint wait_from;
    Duration: jitter_by;
    Verdict: judge;
    Health: counts;
    Cost: costs;
    (): on_try on_backoff on_giveup on_success;
}

#[inline]
pub fn policy_for<T, Q: AsRef<Policy>>(value: T, function: &mut impl FnMut(T) -> Q) -> Policy {
    *function(value).as_ref()
}

#[inline]
pub fn late<O>(limit: Duration, function: &mut impl FnMut(Duration) -> O) -> O {
    function(limit)
}

#[inline]
pub fn rejected<O>(open: Open, function: impl FnOnce(Open) -> O) -> O {
    function(open)
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

impl<O> Body<O> {
    pub const OF_TRIES: Self = Self(PhantomData);

    #[inline]
    pub const fn given<T>(self, value: T) -> Given<T, O> {
        Given(value, self.0)
    }

    #[inline]
    pub fn on_predicate<R: PolicySource, C: FnMut(&O) -> bool>(
        self,
        policy: &R,
        predicate: C,
    ) -> Attributed<'_, R, O, While<C>, Blocking<ThreadSleeper>> {
        Call::new(policy, self, While(predicate), Blocking::new(ThreadSleeper))
    }

    #[inline]
    pub fn on_predicate_async<R: PolicySource, C: FnMut(&O) -> bool>(
        self,
        policy: &R,
        predicate: C,
    ) -> Attributed<'_, R, O, While<C>, Async<DefaultSleeper>> {
        Call::new(policy, self, While(predicate), Async::new(DefaultSleeper::default()))
    }
}

impl<O> Body<O> {
    #[inline]
    pub fn on_error<R: PolicySource>(
        self,
        policy: &R,
    ) -> Attributed<'_, R, O, OnError, Blocking<ThreadSleeper>> {
        Call::new(policy, self, OnError, Blocking::new(ThreadSleeper))
    }

    #[inline]
    pub fn on_error_async<R: PolicySource>(
        self,
        policy: &R,
    ) -> Attributed<'_, R, O, OnError, Async<DefaultSleeper>> {
        Call::new(policy, self, OnError, Async::new(DefaultSleeper::default()))
    }
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
    let limit = Seconds::from_duration(left.map_or(limit, |left| left.min(limit)));
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
