//! Layers 1 and 2 begin here: what a policy can do.

use std::future::Future;

use rebackoff_core::Policy;

use crate::hooks::OnError;
use crate::sleepers::{DefaultSleeper, ThreadSleeper};
use crate::target::WithAttempt;
use crate::{Async, Attempt, Blocking, Call, Tries};

/// The drivers, as methods of [`Policy`]: closures with `retry` and `poll`, loops with `tries`.
pub trait Retry {
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
    fn retry<F, T, E>(&self, target: F) -> Call<'_, F, OnError, Blocking<ThreadSleeper>>
    where
        F: FnMut() -> Result<T, E>;

    /// Retries a function on errors, blocking; the function is told about each [`Attempt`].
    fn retry_with<F, T, E>(
        &self,
        target: F,
    ) -> Call<'_, WithAttempt<F>, OnError, Blocking<ThreadSleeper>>
    where
        F: FnMut(Attempt) -> Result<T, E>;

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
    fn retry_async<F, Fut, T, E>(&self, target: F) -> Call<'_, F, OnError, Async<DefaultSleeper>>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>;

    /// Retries an async function on errors; the function is told about each [`Attempt`].
    fn retry_async_with<F, Fut, T, E>(
        &self,
        target: F,
    ) -> Call<'_, WithAttempt<F>, OnError, Async<DefaultSleeper>>
    where
        F: FnMut(Attempt) -> Fut,
        Fut: Future<Output = Result<T, E>>;

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
    fn poll<F, O>(&self, target: F) -> Call<'_, F, (), Blocking<ThreadSleeper>>
    where
        F: FnMut() -> O;

    /// Calls an async function until a condition holds; the last value comes back when it gives
    /// up.
    fn poll_async<F, Fut>(&self, target: F) -> Call<'_, F, (), Async<DefaultSleeper>>
    where
        F: FnMut() -> Fut,
        Fut: Future;

    /// Begins a blocking loop of the caller's own.
    fn tries(&self) -> Tries<'_, Blocking<ThreadSleeper>>;

    /// Begins an async loop of the caller's own.
    fn tries_async(&self) -> Tries<'_, Async<DefaultSleeper>>;
}

impl Retry for Policy {
    #[inline]
    fn retry<F, T, E>(&self, target: F) -> Call<'_, F, OnError, Blocking<ThreadSleeper>>
    where
        F: FnMut() -> Result<T, E>,
    {
        Call::new(self, target, OnError, Blocking(ThreadSleeper))
    }

    #[inline]
    fn retry_with<F, T, E>(
        &self,
        target: F,
    ) -> Call<'_, WithAttempt<F>, OnError, Blocking<ThreadSleeper>>
    where
        F: FnMut(Attempt) -> Result<T, E>,
    {
        Call::new(self, WithAttempt(target), OnError, Blocking(ThreadSleeper))
    }

    #[inline]
    fn retry_async<F, Fut, T, E>(&self, target: F) -> Call<'_, F, OnError, Async<DefaultSleeper>>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        Call::new(self, target, OnError, Async(DefaultSleeper::default()))
    }

    #[inline]
    fn retry_async_with<F, Fut, T, E>(
        &self,
        target: F,
    ) -> Call<'_, WithAttempt<F>, OnError, Async<DefaultSleeper>>
    where
        F: FnMut(Attempt) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        Call::new(self, WithAttempt(target), OnError, Async(DefaultSleeper::default()))
    }

    #[inline]
    fn poll<F, O>(&self, target: F) -> Call<'_, F, (), Blocking<ThreadSleeper>>
    where
        F: FnMut() -> O,
    {
        Call::new(self, target, (), Blocking(ThreadSleeper))
    }

    #[inline]
    fn poll_async<F, Fut>(&self, target: F) -> Call<'_, F, (), Async<DefaultSleeper>>
    where
        F: FnMut() -> Fut,
        Fut: Future,
    {
        Call::new(self, target, (), Async(DefaultSleeper::default()))
    }

    #[inline]
    fn tries(&self) -> Tries<'_, Blocking<ThreadSleeper>> {
        Tries::new(self, Blocking(ThreadSleeper))
    }

    #[inline]
    fn tries_async(&self) -> Tries<'_, Async<DefaultSleeper>> {
        Tries::new(self, Async(DefaultSleeper::default()))
    }
}
