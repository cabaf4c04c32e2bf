//! A limit on each try of an async call.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::call::Call;
use crate::mode::Async;
use crate::scope::{Scope, Scoped};
use crate::target::Target;
use crate::wait::Wait;
use crate::{AsyncSleeper, Attempt};

impl<P, F, H, S, C, G> Call<P, F, H, Async<S, C>, G>
where
    F: Target<Async<S, C>>,
    S: AsyncSleeper + Clone,
{
    /// Cancels a try that takes longer than `limit`, and takes what `late` makes as its outcome:
    /// an error of the caller's own, which is judged like any other. A retry after it costs a budget
    /// [`Cost::Timeout`](crate::Cost::Timeout), unless [`costs`](Self::costs) overrides that.
    ///
    /// A try also ends at the deadlines of the enclosing calls and, where `last_wait` is `Stop`, at the
    /// deadline of its own call: `late` gets the least of `limit` and [`Attempt::limit`]. The calls
    /// inside the try inherit that limit, and [`remaining`](crate::remaining) shows it.
    ///
    /// The try's future is dropped. A blocking try cannot be cancelled: give its client a timeout,
    /// or ask [`Attempt::remaining`].
    ///
    /// ```
    /// # #[cfg(feature = "tokio")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
    /// use rebackoff::prelude::*;
    ///
    /// static FETCH: Policy = policy!(expo, max_tries = 2);
    ///
    /// let answer: Result<u8, String> = FETCH
    ///     .retry_async(|| std::future::pending())
    ///     .timeout(secs(3), |limit| Err(format!("no answer in {limit:?}")))
    ///     .await;
    /// assert_eq!(answer, Err("no answer in 3s".to_owned())); // after two tries
    /// # });
    /// ```
    #[inline]
    pub fn timeout<L>(
        self,
        limit: Duration,
        late: L,
    ) -> Call<P, WithTimeout<F, L, S>, H, Async<S, C>, G>
    where
        L: FnMut(Duration) -> F::Outcome + Clone,
    {
        self.map_target(|target, mode| {
            let sleeper = mode.sleeper.clone();
            WithTimeout { target, limit, late, sleeper }
        })
    }
}

/// A target with a limit on each try; made by [`Call::timeout`].
#[derive(Clone, Copy, Debug)]
pub struct WithTimeout<F, L, S> {
    target: F,
    limit: Duration,
    late: L,
    sleeper: S,
}

impl<F, L, S, C> Target<Async<S, C>> for WithTimeout<F, L, S>
where
    F: Target<Async<S, C>>,
    F::Call: Future<Output = F::Outcome>,
    L: FnMut(Duration) -> F::Outcome + Clone,
    S: AsyncSleeper,
{
    type Outcome = F::Outcome;
    type Call = TimedTry<F::Call, L, S::Sleep>;

    #[inline]
    fn call(&mut self, attempt: impl FnOnce() -> Attempt) -> Self::Call {
        let attempt = attempt();
        let limit = attempt.limit.map_or(self.limit, |left| left.min(self.limit));
        let remaining = Some(attempt.remaining.map_or(limit, |left| left.min(limit)));
        let attempt = Attempt { remaining, limit: Some(limit), ..attempt };
        let scope = Scope::deadline(limit, self.sleeper.timeline());
        let body = scope.within(|| self.target.call(|| attempt));
        TimedTry {
            future: Scoped { scope, body },
            sleep: Wait::new(&self.sleeper, limit),
            limit,
            late: self.late.clone(),
            is_late: false,
        }
    }

    #[inline]
    fn is_late(call: &Self::Call) -> bool {
        call.is_late || F::is_late(&call.future.body)
    }
}

pin_project! {
    /// One try with a limit.
    #[must_use = "futures do nothing unless polled"]
    pub struct TimedTry<Fut, C, Sleep> {
        #[pin]
        future: Scoped<Fut>,
        #[pin]
        sleep: Wait<Sleep>,
        limit: Duration,
        late: C,
        is_late: bool,
    }
}

impl<Fut, C, Sleep> TimedTry<Fut, C, Sleep> {
    pub(crate) fn new(
        sleeper: &impl AsyncSleeper<Sleep = Sleep>,
        limit: Duration,
        late: C,
        body: Fut,
    ) -> Self {
        let scope = Scope::deadline(limit, sleeper.timeline());
        let sleep = Wait::new(sleeper, limit);
        Self { future: Scoped { scope, body }, sleep, limit, late, is_late: false }
    }

    /// Returns whether the limit has ended the try.
    pub(crate) const fn is_late(&self) -> bool {
        self.is_late
    }
}

impl<Fut, C, Sleep> Future for TimedTry<Fut, C, Sleep>
where
    Fut: Future,
    C: FnMut(Duration) -> Fut::Output,
    Sleep: Future<Output = ()>,
{
    type Output = Fut::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Fut::Output> {
        let this = self.project();
        match this.future.poll(context) {
            Poll::Ready(outcome) => Poll::Ready(outcome),
            Poll::Pending => this.sleep.poll(context).map(|()| {
                *this.is_late = true;
                (this.late)(*this.limit)
            }),
        }
    }
}

impl<Fut, C, Sleep> std::fmt::Debug for TimedTry<Fut, C, Sleep> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TimedTry").field("limit", &self.limit).finish_non_exhaustive()
    }
}
