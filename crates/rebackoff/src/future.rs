//! The async driver: calls, sleeps and reports.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use rebackoff_core::{Policy, Reason, Verdict};

use crate::call::Call;
use crate::guards::{Guarding, KeptBy, Rejects};
use crate::hooks::Hook;
use crate::kept::Keep;
use crate::mode::Async;
use crate::session::{FailedTry, Session};
use crate::signal::{AsyncSignal, NoSignal};
use crate::target::Target;
use crate::wait::Wait;
use crate::{AsyncSleeper, Clock, Outcome};

pin_project! {
    /// The future of an async [`Call`]: dropping it cancels the call, in a try or in a wait.
    ///
    /// A future that is polled again after it was ready stays pending, and calls nothing.
    #[must_use = "futures do nothing unless polled"]
    pub struct RetryFuture<P, F, H, S, G, O, Fut, C = NoSignal>
    where
        S: AsyncSleeper,
        G: Guarding,
        C: AsyncSignal<O>,
    {
        target: F,
        session: Session<P, S, H, G>,
        #[pin]
        signal: C,
        #[pin]
        state: State<Fut, S::Sleep, (KeptBy<G, O>, C::Kept)>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[project_ref = StateRef]
    enum State<Fut, Sleep, Kept> {
        Start,
        Trying { #[pin] future: Fut },
        Waiting { #[pin] wait: Wait<Sleep>, kept: Kept },
        Ended,
    }
}

/// The future of a [`Call`] of `F`.
type FutureOf<P, F, H, S, C, G> = RetryFuture<
    P,
    F,
    H,
    S,
    G,
    <F as Target<Async<S, C>>>::Outcome,
    <F as Target<Async<S, C>>>::Call,
    C,
>;

impl<P, F, H, S, C, G, O> Call<P, F, H, Async<S, C>, G>
where
    P: AsRef<Policy>,
    F: Target<Async<S, C>, Outcome = O>,
    F::Call: Future<Output = O>,
    H: Hook<O>,
    S: Clock,
    C: AsyncSignal<O>,
    G: Guarding<Rejection: Rejects<O>>,
{
    /// The future of this call, which returns the outcome with tries, time and reason.
    pub fn outcome(self) -> OutcomeFuture<P, F, H, S, G, O, F::Call, C>
    where
        S: AsyncSleeper,
    {
        OutcomeFuture { retry: self.scope().into_future() }
    }
}

impl<P, F, H, S, C, G, O> IntoFuture for Call<P, F, H, Async<S, C>, G>
where
    P: AsRef<Policy>,
    F: Target<Async<S, C>, Outcome = O>,
    F::Call: Future<Output = O>,
    H: Hook<O>,
    S: AsyncSleeper,
    C: AsyncSignal<O>,
    G: Guarding<Rejection: Rejects<O>>,
{
    type Output = O;
    type IntoFuture = FutureOf<P, F, H, S, C, G>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        let (target, signal, session) = self.into_parts();
        RetryFuture { target, session, signal, state: State::Start }
    }
}

impl<P, F, H, S, C, G, O> Future for RetryFuture<P, F, H, S, G, O, F::Call, C>
where
    P: AsRef<Policy>,
    F: Target<Async<S, C>, Outcome = O>,
    F::Call: Future<Output = O>,
    H: Hook<O>,
    S: AsyncSleeper,
    C: AsyncSignal<O>,
    G: Guarding<Rejection: Rejects<O>>,
{
    type Output = O;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<O> {
        if let State::Start = self.state {
            let this = self.as_mut().project();
            if let Err(rejection) = this.session.admit() {
                let outcome = this.session.handle_rejection(rejection);
                self.project().state.set(State::Ended);
                return Poll::Ready(outcome);
            }
            // Before the clock and the branch: of a future in memory, the compiler knows nothing after them.
            this.session.count_first_try();
            return if this.session.is_visible() {
                self.begin::<true>(context)
            } else {
                self.begin::<false>(context)
            };
        }
        let ended = match (&self.state, self.session.is_visible()) {
            (State::Trying { .. }, true) => self.poll_try::<true>(context),
            (State::Trying { .. }, false) => self.poll_try::<false>(context),
            (_, true) => self.poll_wait::<true>(context),
            (_, false) => self.poll_wait::<false>(context),
        };
        ready_if(ended)
    }
}

impl<P, F, H, S, C, G, O> RetryFuture<P, F, H, S, G, O, F::Call, C>
where
    P: AsRef<Policy>,
    F: Target<Async<S, C>, Outcome = O>,
    F::Call: Future<Output = O>,
    H: Hook<O>,
    S: AsyncSleeper,
    C: AsyncSignal<O>,
    G: Guarding<Rejection: Rejects<O>>,
{
    /// Begins the first try, and polls it.
    #[inline]
    fn begin<const VISIBLE: bool>(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<O> {
        let polled = {
            let mut this = self.as_mut().project();
            let scope = this.session.begin::<VISIBLE, _>();
            let (target, session) = (this.target, &*this.session);
            let future = target.call(|| session.attempt(&scope));
            this.state.set(State::Trying { future });
            let StateProjection::Trying { future } = this.state.as_mut().project() else {
                return Poll::Pending;
            };
            future.poll(context)
        };
        self.settle::<VISIBLE>(context, polled)
    }

    /// Polls a try that was not ready. Returns the outcome when the call has ended.
    #[inline(never)]
    fn poll_try<const VISIBLE: bool>(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Option<O> {
        let polled = {
            let this = self.as_mut().project();
            let StateProjection::Trying { future } = this.state.project() else {
                return None;
            };
            let _scope = this.session.enter::<VISIBLE>();
            future.poll(context)
        };
        match self.settle::<VISIBLE>(context, polled) {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        }
    }

    /// Settles a try that was polled, the first one or one that was not ready before.
    #[inline(always)]
    #[allow(
        clippy::inline_always,
        reason = "the end of two functions, of which one is every success"
    )]
    fn settle<const VISIBLE: bool>(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        polled: Poll<O>,
    ) -> Poll<O> {
        let mut this = self.as_mut().project();
        let Poll::Ready(outcome) = polled else {
            let outcome = ready!(this.signal.poll_in_try(context));
            return Poll::Ready(self.cancel(outcome));
        };
        match this.session.judge(&outcome) {
            Verdict::Accept => {
                this.state.set(State::Ended);
                Poll::Ready(outcome)
            }
            verdict => ready_if(self.fail::<VISIBLE>(context, outcome, verdict)),
        }
    }

    /// Begins the wait after a failed try, and polls on. Apart, so that success stays short.
    #[cold]
    #[inline(never)]
    fn fail<const VISIBLE: bool>(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        outcome: O,
        verdict: Verdict,
    ) -> Option<O> {
        match self.as_mut().begin_wait::<VISIBLE>(outcome, verdict) {
            None => self.poll_wait::<VISIBLE>(context),
            ended => ended,
        }
    }

    /// Polls the wait, and the tries and waits after it. Returns the outcome when the call has ended.
    #[inline(never)]
    fn poll_wait<const VISIBLE: bool>(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Option<O> {
        loop {
            let mut this = self.as_mut().project();
            let StateProjection::Waiting { wait, kept } = this.state.as_mut().project() else {
                // The outcome has been given.
                return None;
            };
            let cancelled = this.signal.as_mut().poll_in_wait(context).is_ready();
            if !cancelled && wait.poll(context).is_pending() {
                return None;
            }
            let resumed = this.session.handle_resume::<VISIBLE, _>(cancelled, kept);
            if let ControlFlow::Break(outcome) = resumed {
                this.state.set(State::Ended);
                return Some(outcome);
            }
            let polled = {
                let scope = this.session.enter::<VISIBLE>();
                let future = this.target.call(|| this.session.attempt(&scope));
                this.state.set(State::Trying { future });
                let StateProjection::Trying { future } = this.state.as_mut().project() else {
                    return None;
                };
                future.poll(context)
            };
            let Poll::Ready(outcome) = polled else {
                return match this.signal.poll_in_try(context) {
                    Poll::Ready(outcome) => Some(self.cancel(outcome)),
                    Poll::Pending => None,
                };
            };
            let verdict = this.session.judge(&outcome);
            if verdict == Verdict::Accept {
                this.state.set(State::Ended);
                return Some(outcome);
            }
            if let Some(outcome) = self.as_mut().begin_wait::<VISIBLE>(outcome, verdict) {
                return Some(outcome);
            }
        }
    }

    /// Begins the wait after a failed try. Returns the outcome when the call gives up.
    #[inline(always)]
    #[allow(
        clippy::inline_always,
        reason = "a call would cost a third of what it does; the first failure has its own copy"
    )]
    fn begin_wait<const VISIBLE: bool>(
        self: Pin<&mut Self>,
        outcome: O,
        verdict: Verdict,
    ) -> Option<O> {
        let mut this = self.project();
        let late = match this.state.as_ref().project_ref() {
            StateRef::Trying { future } => F::is_late(&future),
            _ => false,
        };
        // The try is over: its future does not outlive the handlers or the wait.
        this.state.set(State::Ended);
        let is_rejection = G::Rejection::is_rejection(&outcome);
        let failure = FailedTry { late, ..FailedTry::new(verdict, is_rejection) };
        let wait = this.session.handle_failure::<VISIBLE, _>(&outcome, failure);
        let Some(wait) = wait else { return Some(outcome) };
        let kept = Keep::keep(outcome);
        let wait = this.session.skip(wait);
        let wait = Wait::new(&this.session.clock, wait);
        this.state.set(State::Waiting { wait, kept });
        None
    }

    /// Ends the call in its try, with `outcome`.
    #[cold]
    #[inline(never)]
    fn cancel(self: Pin<&mut Self>, outcome: O) -> O {
        let mut this = self.project();
        this.state.set(State::Ended);
        this.session.handle_end(Reason::Cancelled, &outcome);
        outcome
    }
}

/// The `Poll` of a slow path. A slow path that returned a `Poll` itself would write it into the place of
/// the caller's, and the success path would write there in pieces as well.
#[inline]
fn ready_if<O>(ended: Option<O>) -> Poll<O> {
    match ended {
        Some(outcome) => Poll::Ready(outcome),
        None => Poll::Pending,
    }
}

impl<P, F, H, S, G, O, Fut, C> fmt::Debug for RetryFuture<P, F, H, S, G, O, Fut, C>
where
    S: AsyncSleeper,
    G: Guarding,
    C: AsyncSignal<O>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryFuture").field("tries", &self.session.tries()).finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of an async [`Call`] that returns the outcome with tries, time and reason.
    #[must_use = "futures do nothing unless polled"]
    pub struct OutcomeFuture<P, F, H, S, G, O, Fut, C = NoSignal>
    where
        S: AsyncSleeper,
        G: Guarding,
        C: AsyncSignal<O>,
    {
        #[pin]
        retry: RetryFuture<P, F, H, S, G, O, Fut, C>,
    }
}

impl<P, F, H, S, C, G, O> Future for OutcomeFuture<P, F, H, S, G, O, F::Call, C>
where
    P: AsRef<Policy>,
    F: Target<Async<S, C>, Outcome = O>,
    F::Call: Future<Output = O>,
    H: Hook<O>,
    S: AsyncSleeper,
    C: AsyncSignal<O>,
    G: Guarding<Rejection: Rejects<O>>,
{
    type Output = Outcome<O>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut retry = self.project().retry;
        let result = ready!(retry.as_mut().poll(context));
        Poll::Ready(retry.project().session.report(result))
    }
}

impl<P, F, H, S, G, O, Fut, C> fmt::Debug for OutcomeFuture<P, F, H, S, G, O, Fut, C>
where
    S: AsyncSleeper,
    G: Guarding,
    C: AsyncSignal<O>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OutcomeFuture").field(&self.retry).finish()
    }
}
