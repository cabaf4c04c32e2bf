//! Layers 1 and 2 begin here: what a policy can do.

use std::future::Future;

use rebackoff_core::Policy;

use crate::hooks::{OnError, Then};
use crate::sleepers::{DefaultSleeper, ThreadSleeper};
use crate::target::WithAttempt;
use crate::{Async, Attempt, Blocking, Call, Tries};

/// A call of a target that gives `Result<T, E>`.
type ErrorCall<'p, P, F, T, E, M> =
    Call<'p, F, Then<OnError, <P as Retry>::Hooks<Result<T, E>>>, M>;

/// The drivers, as methods of [`Policy`] and [`Guarded`](crate::Guarded): closures with `retry` and
/// `poll`, loops with `tries`.
pub trait Retry {
    /// What each call asks beside its policy, where its target gives `O`.
    #[doc(hidden)]
    type Hooks<O>;

    #[doc(hidden)]
    fn plain(&self) -> &Policy;

    #[doc(hidden)]
    fn hooks<O>(&self) -> Self::Hooks<O>;

    /// Retries a function on errors, blocking.
    ///
    /// ```
    /// use rebackoff::prelude::*;
    ///
    /// # let _no_wait = rebackoff::testing::no_wait();
    /// static FETCH: Policy = policy!(expo(factor = millis(1)), max_tries = 3);
    ///
    /// let mut failures = 2;
    /// let answer = FETCH
    ///     .retry(|| match failures {
    ///         0 => Ok(42),
    ///         _ => {
    ///             failures -= 1;
    ///             Err("not yet")
    ///         }
    ///     })
    ///     .giveup(|error| error.starts_with("fatal"))
    ///     .call();
    /// assert_eq!(answer, Ok(42));
    /// ```
    #[inline]
    fn retry<F, T, E>(&self, target: F) -> ErrorCall<'_, Self, F, T, E, Blocking<ThreadSleeper>>
    where
        F: FnMut() -> Result<T, E>,
    {
        Call::new(self.plain(), target, Then(OnError, self.hooks()), Blocking(ThreadSleeper))
    }

    /// Retries a function on errors, blocking; the function is told about each [`Attempt`].
    #[inline]
    fn retry_with<F, T, E>(
        &self,
        target: F,
    ) -> ErrorCall<'_, Self, WithAttempt<F>, T, E, Blocking<ThreadSleeper>>
    where
        F: FnMut(Attempt) -> Result<T, E>,
    {
        let hooks = Then(OnError, self.hooks());
        Call::new(self.plain(), WithAttempt(target), hooks, Blocking(ThreadSleeper))
    }

    /// Retries an async function on errors. Nothing is called before the first poll.
    ///
    /// ```
    /// # #[cfg(feature = "tokio")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use rebackoff::prelude::*;
    ///
    /// static FETCH: Policy = policy!(expo(max_value = secs(30)), max_tries = 8);
    ///
    /// let answer = FETCH.retry_async(|| async { "42".parse::<u8>() }).await;
    /// assert_eq!(answer, Ok(42));
    /// # });
    /// ```
    #[inline]
    fn retry_async<F, Fut, T, E>(
        &self,
        target: F,
    ) -> ErrorCall<'_, Self, F, T, E, Async<DefaultSleeper>>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let hooks = Then(OnError, self.hooks());
        Call::new(self.plain(), target, hooks, Async(DefaultSleeper::default()))
    }

    /// Retries an async function on errors; the function is told about each [`Attempt`].
    #[inline]
    fn retry_async_with<F, Fut, T, E>(
        &self,
        target: F,
    ) -> ErrorCall<'_, Self, WithAttempt<F>, T, E, Async<DefaultSleeper>>
    where
        F: FnMut(Attempt) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let hooks = Then(OnError, self.hooks());
        Call::new(self.plain(), WithAttempt(target), hooks, Async(DefaultSleeper::default()))
    }

    /// Calls a function until a condition holds, blocking; the last value comes back when it
    /// gives up.
    ///
    /// ```
    /// use rebackoff::prelude::*;
    ///
    /// # let _no_wait = rebackoff::testing::no_wait();
    /// static POLL: Policy = policy!(constant(interval = millis(1)), max_tries = 5);
    ///
    /// let mut ticks = 0..;
    /// let tick = POLL.poll(|| ticks.next().unwrap()).until(|tick| *tick >= 3).call();
    /// assert_eq!(tick, 3);
    /// ```
    #[inline]
    fn poll<F, O>(&self, target: F) -> Call<'_, F, Self::Hooks<O>, Blocking<ThreadSleeper>>
    where
        F: FnMut() -> O,
    {
        Call::new(self.plain(), target, self.hooks(), Blocking(ThreadSleeper))
    }

    /// Calls an async function until a condition holds; the last value comes back when it gives
    /// up.
    #[inline]
    fn poll_async<F, Fut>(
        &self,
        target: F,
    ) -> Call<'_, F, Self::Hooks<Fut::Output>, Async<DefaultSleeper>>
    where
        F: FnMut() -> Fut,
        Fut: Future,
    {
        Call::new(self.plain(), target, self.hooks(), Async(DefaultSleeper::default()))
    }

    /// Begins a blocking loop of the caller's own.
    ///
    /// Not for a [`Guarded`](crate::Guarded) policy, whose breaker may refuse even the first try:
    /// give the loop its guards with [`Tries::budget`] and [`Tries::breaker`].
    #[inline]
    fn tries(&self) -> Tries<'_, Blocking<ThreadSleeper>>
    where
        Self: Retry<Hooks<()> = ()>,
    {
        Tries::new(self.plain(), Blocking(ThreadSleeper))
    }

    /// Begins an async loop of the caller's own. As for [`tries`](Self::tries), not for a
    /// [`Guarded`](crate::Guarded) policy.
    #[inline]
    fn tries_async(&self) -> Tries<'_, Async<DefaultSleeper>>
    where
        Self: Retry<Hooks<()> = ()>,
    {
        Tries::new(self.plain(), Async(DefaultSleeper::default()))
    }
}

impl Retry for Policy {
    type Hooks<O> = ();

    #[inline]
    fn plain(&self) -> &Policy {
        self
    }

    #[inline]
    fn hooks<O>(&self) {}
}
