//! The async driver: calls, sleeps and tells.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use rebackoff_core::{Cost, Verdict};

use crate::hooks::Hook;
use crate::session::Session;
use crate::target::Target;
use crate::{Async, AsyncSleeper, Call, Outcome};

pin_project! {
    /// The future of an async [`Call`]: dropping it cancels the call, in a try or in a wait.
    ///
    /// One that is polled again after it has given up is never ready.
    #[must_use = "futures do nothing unless polled"]
    pub struct RetryFuture<'p, F, H, S, Fut>
    where
        S: AsyncSleeper,
    {
        target: F,
        hooks: H,
        session: Session<'p, S>,
        #[pin]
        state: State<Fut, S::Sleep>,
    }
}

/// What follows a try that is not accepted: a wait, unless the outcome is the call's.
type BeginWait<Call, O> = fn(Pin<&mut Call>, O, Verdict) -> ControlFlow<O>;

pin_project! {
    #[project = StateProjection]
    #[project_ref = StateRef]
    enum State<Fut, Sleep> {
        Start,
        Calling { #[pin] future: Fut },
        Seen { #[pin] future: Fut },
        Sleeping { #[pin] sleep: Sleep },
        Yielding,
        Yielded,
        Ended,
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
        OutcomeFuture { retry: self.into_future() }
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
        let (target, hooks, session) = self.into_parts();
        RetryFuture { target, hooks, session, state: State::Start }
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
        self.poll_timed(context, H::TIMED)
    }
}

impl<F, H, S> RetryFuture<'_, F, H, S, F::Call>
where
    F: Target<Async<S>>,
    F::Call: Future<Output = F::Outcome>,
    H: Hook<F::Outcome>,
    S: AsyncSleeper,
{
    #[inline]
    fn poll_timed(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        timed: bool,
    ) -> Poll<F::Outcome> {
        if let State::Start = self.state {
            let this = self.as_mut().project();
            if let Err(outcome) = this.session.admit(this.hooks) {
                self.project().state.set(State::Ended);
                return Poll::Ready(outcome);
            }
            if self.as_mut().project().session.handle_start(timed) {
                self.as_mut().begin_seen_try();
            } else {
                self.as_mut().begin_try();
                if let ControlFlow::Break(outcome) =
                    ready!(self.as_mut().poll_try(context, Self::begin_first_wait))
                {
                    return Poll::Ready(outcome);
                }
            }
        }
        self.poll_on(context)
    }

    /// Goes on after a try that failed or is not ready; apart, so that success costs nothing.
    #[inline(never)]
    fn poll_on(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Outcome> {
        loop {
            let flow = match self.state {
                State::Calling { .. } => {
                    ready!(self.as_mut().poll_try(context, Self::begin_wait::<false>))
                }
                State::Seen { .. } => ready!(self.as_mut().poll_seen_try(context)),
                _ => ControlFlow::Continue(()),
            };
            if let ControlFlow::Break(outcome) = flow {
                return Poll::Ready(outcome);
            }
            ready!(self.as_mut().poll_wait(context));
            let this = self.as_mut().project();
            if let Err(kept) = this.session.readmit(this.hooks) {
                self.project().state.set(State::Ended);
                return Poll::Ready(kept);
            }
            if self.session.is_seen() {
                self.as_mut().begin_seen_try();
            } else {
                self.as_mut().begin_try();
            }
        }
    }

    #[inline]
    fn poll_try(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        begin_wait: BeginWait<Self, F::Outcome>,
    ) -> Poll<ControlFlow<F::Outcome>> {
        let this = self.as_mut().project();
        let StateProjection::Calling { future } = this.state.project() else {
            return Poll::Ready(ControlFlow::Continue(()));
        };
        let outcome = ready!(this.hooks.poll(|| future.poll(context)));
        Poll::Ready(match this.session.judge(&outcome, this.hooks) {
            Verdict::Accept => ControlFlow::Break(outcome),
            verdict => begin_wait(self, outcome, verdict),
        })
    }

    #[cold]
    #[inline(never)]
    fn poll_seen_try(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<ControlFlow<F::Outcome>> {
        let this = self.as_mut().project();
        let StateProjection::Seen { future } = this.state.project() else {
            return Poll::Ready(ControlFlow::Continue(()));
        };
        let scope = this.session.scope();
        let hooks = &mut *this.hooks;
        let outcome = ready!(scope.within(|| hooks.poll(|| future.poll(context))));
        Poll::Ready(match this.session.judge(&outcome, this.hooks) {
            Verdict::Accept => ControlFlow::Break(outcome),
            verdict => self.begin_wait::<true>(outcome, verdict),
        })
    }

    #[inline]
    fn begin_try(self: Pin<&mut Self>) {
        let mut this = self.project();
        this.session.handle_try(this.hooks);
        let future = this.target.call(|| this.session.attempt(false));
        this.state.set(State::Calling { future });
    }

    #[cold]
    #[inline(never)]
    fn begin_seen_try(self: Pin<&mut Self>) {
        let mut this = self.project();
        this.session.handle_try(this.hooks);
        let session = &*this.session;
        let future = session.scope().within(|| this.target.call(|| session.attempt(true)));
        this.state.set(State::Seen { future });
    }

    /// Apart, as all that follows a failure is, so that success stays short.
    #[cold]
    #[inline(never)]
    fn begin_first_wait(
        self: Pin<&mut Self>,
        outcome: F::Outcome,
        verdict: Verdict,
    ) -> ControlFlow<F::Outcome> {
        self.begin_wait::<false>(outcome, verdict)
    }

    #[inline(always)]
    #[allow(
        clippy::inline_always,
        reason = "a call would cost a third of what it does; the first failure has its own copy"
    )]
    fn begin_wait<const SEEN: bool>(
        self: Pin<&mut Self>,
        outcome: F::Outcome,
        verdict: Verdict,
    ) -> ControlFlow<F::Outcome> {
        let mut this = self.project();
        let cost = match this.state.as_ref().project_ref() {
            StateRef::Calling { future } | StateRef::Seen { future } if F::is_late(&future) => {
                Cost::Timeout
            }
            _ => Cost::Retry,
        };
        // The try is over: nothing of it outlives the wait, nor a handler.
        this.state.set(State::Ended);
        let Some(wait) = this.session.handle_failure(SEEN, &outcome, verdict, cost, this.hooks)
        else {
            return ControlFlow::Break(outcome);
        };
        drop(this.hooks.keep(outcome));
        match wait.to_nanos() {
            0 => this.state.set(State::Yielding),
            nanos => {
                let sleep = this.session.clock.sleep(Duration::from_nanos(nanos));
                this.state.set(State::Sleeping { sleep });
            }
        }
        ControlFlow::Continue(())
    }

    #[inline]
    fn poll_wait(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        match this.state.as_mut().project() {
            StateProjection::Sleeping { sleep } => sleep.poll(context),
            StateProjection::Yielding => {
                this.state.set(State::Yielded);
                context.waker().wake_by_ref();
                Poll::Pending
            }
            StateProjection::Yielded => Poll::Ready(()),
            // Whoever polls a call all the same that has given its outcome waits in vain.
            _ => Poll::Pending,
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
        let result = ready!(retry.as_mut().poll_timed(context, true));
        Poll::Ready(retry.project().session.report(result))
    }
}

impl<F, H, S: AsyncSleeper, Fut> fmt::Debug for OutcomeFuture<'_, F, H, S, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OutcomeFuture").field(&self.retry).finish()
    }
}
