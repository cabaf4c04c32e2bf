//! The async driver: calls, sleeps and tells.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::hooks::Hook;
use crate::session::Session;
use crate::target::Target;
use crate::wait::Wait;
use crate::{Async, AsyncSleeper, Call, Outcome};

pin_project! {
    /// The future of an async [`Call`]: dropping it cancels the call, in a try or in a wait.
    #[must_use = "futures do nothing unless polled"]
    pub struct RetryFuture<'p, F, H, S, Fut>
    where
        S: AsyncSleeper,
    {
        target: F,
        hooks: H,
        session: Session<'p, S>,
        timed: bool,
        #[pin]
        state: State<Fut, S::Sleep>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<Fut, Sleep> {
        Start,
        Try,
        Calling { #[pin] future: Fut },
        Waiting { #[pin] wait: Wait<Sleep> },
    }
}

impl<'p, F, H, S> Call<'p, F, H, Async<S>>
where
    F: Target<Async<S>>,
    F::Call: Future<Output = F::Outcome>,
    H: Hook<F::Outcome>,
    S: AsyncSleeper,
{
    /// The future of this call, and how it went.
    pub fn outcome(self) -> OutcomeFuture<'p, F, H, S, F::Call> {
        OutcomeFuture { retry: self.into_timed_future(true) }
    }

    #[inline]
    fn into_timed_future(self, timed: bool) -> RetryFuture<'p, F, H, S, F::Call> {
        let (target, hooks, session) = self.into_parts();
        RetryFuture { target, hooks, session, timed, state: State::Start }
    }
}

impl<'p, F, H, S> IntoFuture for Call<'p, F, H, Async<S>>
where
    F: Target<Async<S>>,
    F::Call: Future<Output = F::Outcome>,
    H: Hook<F::Outcome>,
    S: AsyncSleeper,
{
    type Output = F::Outcome;
    type IntoFuture = RetryFuture<'p, F, H, S, F::Call>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        self.into_timed_future(H::TIMED)
    }
}

impl<F, H, S> Future for RetryFuture<'_, F, H, S, F::Call>
where
    F: Target<Async<S>>,
    F::Call: Future<Output = F::Outcome>,
    H: Hook<F::Outcome>,
    S: AsyncSleeper,
{
    type Output = F::Outcome;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Outcome> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProjection::Start => {
                    this.session.handle_start(*this.timed);
                    this.state.set(State::Try);
                }
                StateProjection::Try => {
                    this.session.handle_try(this.hooks);
                    let session = &*this.session;
                    let future = this.target.call(|| session.attempt());
                    this.state.set(State::Calling { future });
                }
                StateProjection::Calling { future } => {
                    let outcome = ready!(future.poll(context));
                    match this.session.handle_outcome(&outcome, this.hooks) {
                        None => return Poll::Ready(outcome),
                        Some(wait) => {
                            let wait = Wait::new(&this.session.clock, wait);
                            this.state.set(State::Waiting { wait });
                        }
                    }
                }
                StateProjection::Waiting { wait } => {
                    ready!(wait.poll(context));
                    this.state.set(State::Try);
                }
            }
        }
    }
}

impl<F, H, S: AsyncSleeper, Fut> fmt::Debug for RetryFuture<'_, F, H, S, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryFuture").field("tries", &self.session.tries()).finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of an async [`Call`] that tells how it went.
    #[must_use = "futures do nothing unless polled"]
    pub struct OutcomeFuture<'p, F, H, S, Fut>
    where
        S: AsyncSleeper,
    {
        #[pin]
        retry: RetryFuture<'p, F, H, S, Fut>,
    }
}

impl<F, H, S> Future for OutcomeFuture<'_, F, H, S, F::Call>
where
    F: Target<Async<S>>,
    F::Call: Future<Output = F::Outcome>,
    H: Hook<F::Outcome>,
    S: AsyncSleeper,
{
    type Output = Outcome<F::Outcome>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut retry = self.project().retry;
        let result = ready!(retry.as_mut().poll(context));
        Poll::Ready(retry.project().session.report(result))
    }
}

impl<F, H, S: AsyncSleeper, Fut> fmt::Debug for OutcomeFuture<'_, F, H, S, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OutcomeFuture").field(&self.retry).finish()
    }
}
