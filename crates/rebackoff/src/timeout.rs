//! A limit on each try of an async call.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use rebackoff_core::Seconds;

use crate::call::Call;
use crate::mode::Async;
use crate::scope::Entered;
use crate::target::Target;
use crate::timeline::{Deadline, Reading};
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
    /// The timer is that of the [`sleeper`](Self::sleeper), which is set before. The try's future is dropped. A
    /// blocking try cannot be cancelled: give its client a timeout, or ask [`Attempt::remaining`].
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
            let (limit, sleeper) = (Seconds::from_duration(limit), mode.sleeper.clone());
            WithTimeout { target, limit, late, sleeper }
        })
    }
}

/// A target with a limit on each try; made by [`Call::timeout`].
#[derive(Clone, Copy, Debug)]
pub struct WithTimeout<F, L, S> {
    target: F,
    limit: Seconds,
    late: L,
    sleeper: S,
}

impl<F, L, S, C> Target<Async<S, C>> for WithTimeout<F, L, S>
where
    F: Target<Async<S, C>>,
    F::Call: Future<Output = F::Outcome>,
    L: FnMut(Duration) -> F::Outcome + Clone,
    S: AsyncSleeper + Clone,
{
    type Outcome = F::Outcome;
    type Call = TimedTry<F::Call, L, S>;

    #[inline]
    fn call(&mut self, attempt: impl FnOnce() -> Attempt) -> Self::Call {
        let attempt = attempt();
        let limit =
            attempt.limit.map_or(self.limit, |left| Seconds::from_duration(left).min(self.limit));
        let own = limit.to_duration();
        let remaining = Some(attempt.remaining.map_or(own, |left| left.min(own)));
        let attempt = Attempt { remaining, limit: Some(own), ..attempt };
        let begin = || self.target.call(|| attempt);
        TimedTry::begin(self.sleeper.clone(), limit, self.late.clone(), begin)
    }

    #[inline]
    fn is_late(call: &Self::Call) -> bool {
        call.is_late || F::is_late(&call.body)
    }
}

pin_project! {
    /// One try with a limit.
    #[must_use = "futures do nothing unless polled"]
    pub struct TimedTry<Fut, C, S: AsyncSleeper> {
        #[pin]
        body: Fut,
        // Set when the try is not ready at once: most are, or need the timer for long.
        #[pin]
        sleep: Option<Wait<S::Sleep>>,
        sleeper: S,
        start: Reading,
        limit: Seconds,
        late: C,
        is_late: bool,
    }
}

impl<Fut, C, S: AsyncSleeper> TimedTry<Fut, C, S> {
    /// Begins a try inside its limit.
    #[inline]
    pub(crate) fn begin(sleeper: S, limit: Seconds, late: C, body: impl FnOnce() -> Fut) -> Self {
        let deadline = Deadline::begin(limit, sleeper.timeline());
        let scope = Entered::<true>::deadline(deadline);
        let body = body();
        drop(scope);
        let Deadline { start, limit, .. } = deadline;
        Self { body, sleep: None, sleeper, start, limit, late, is_late: false }
    }

    #[inline]
    fn deadline(&self) -> Deadline {
        Deadline { timeline: self.sleeper.timeline(), start: self.start, limit: self.limit }
    }

    /// Returns whether the limit has ended the try.
    pub(crate) const fn is_late(&self) -> bool {
        self.is_late
    }
}

impl<Fut, C, S> Future for TimedTry<Fut, C, S>
where
    Fut: Future,
    C: FnMut(Duration) -> Fut::Output,
    S: AsyncSleeper,
{
    type Output = Fut::Output;

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a call would cost a twentieth of what a try does")]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Fut::Output> {
        let deadline = self.deadline();
        let this = self.as_mut().project();
        let scope = Entered::<true>::deadline(deadline);
        let polled = this.body.poll(context);
        drop(scope);
        match polled {
            Poll::Ready(outcome) => Poll::Ready(outcome),
            Poll::Pending => self.poll_sleep(context),
        }
    }
}

impl<Fut, C, S> TimedTry<Fut, C, S>
where
    Fut: Future,
    C: FnMut(Duration) -> Fut::Output,
    S: AsyncSleeper,
{
    /// Ends the try at its deadline.
    #[inline(never)]
    fn poll_sleep(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Fut::Output> {
        let deadline = self.deadline();
        let mut this = self.project();
        if this.sleep.is_none() {
            let left = deadline.remaining().to_duration();
            this.sleep.set(Some(Wait::new(this.sleeper, left)));
        }
        let Some(sleep) = this.sleep.as_pin_mut() else { return Poll::Pending };
        sleep.poll(context).map(|()| {
            *this.is_late = true;
            (this.late)(this.limit.to_duration())
        })
    }
}

impl<Fut, C, S: AsyncSleeper> std::fmt::Debug for TimedTry<Fut, C, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TimedTry").field("limit", &self.limit).finish_non_exhaustive()
    }
}
