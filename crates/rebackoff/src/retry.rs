//! The calls of a policy: where loops and closures begin.

use std::future::Future;

use crate::call::Call;
use crate::guards::{GuardsOfCall, NoRejection, Only, Rejection, Rejects};
use crate::hooks::OnError;
use crate::mode::{Async, Blocking};
use crate::sleepers::{DefaultSleeper, ThreadSleeper};
use crate::source::PolicySource;
use crate::target::WithAttempt;
use crate::tries::Tries;
use crate::{Attempt, Clock};

/// A call of `F` by the policy of `P`.
type CallOf<'p, P, F, H, M> = Call<
    <P as PolicySource>::Policy<'p>,
    F,
    H,
    M,
    GuardsOfCall<<P as PolicySource>::Breakers, <P as PolicySource>::Budgets>,
>;

/// The calls of a policy: closures with `retry` and `poll`, loops with `tries`.
///
/// As a bound, `R: Retry` takes every policy that rejects no call: [`Policy`](crate::Policy),
/// `LivePolicy`, a
/// [`Guarded`](crate::Guarded) one with budgets, and references, `Arc`s, `Box`es and `LazyLock`s of
/// them. A policy with a breaker needs an outcome that can be made of a rejection: take
/// [`R: RetryFor<Outcome>`](RetryFor).
///
/// ```
/// use rebackoff::prelude::*;
///
/// fn parse<R: Retry>(policy: &R, text: &str) -> Result<u8, std::num::ParseIntError> {
///     policy.retry(|| text.parse()).call()
/// }
/// assert_eq!(parse(&policy!(expo, max_tries = 3), "7"), Ok(7));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no policy",
    note = "a policy is a `Policy`, a `Guarded` or a live one, or a reference, an `Arc`, a `Box` or a \
            `LazyLock` of one"
)]
pub trait Retry<X: Rejection = NoRejection>: PolicySource<Rejection: Only<X>> {
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
    fn retry<F, T, E>(&self, target: F) -> CallOf<'_, Self, F, OnError, Blocking<ThreadSleeper>>
    where
        F: FnMut() -> Result<T, E>,
    {
        Call::new(self, target, OnError, Blocking::new(ThreadSleeper))
    }

    /// Retries a function on errors, blocking; the function gets the [`Attempt`].
    #[inline]
    fn retry_with<F, T, E>(
        &self,
        target: F,
    ) -> CallOf<'_, Self, WithAttempt<F>, OnError, Blocking<ThreadSleeper>>
    where
        F: FnMut(Attempt) -> Result<T, E>,
    {
        Call::new(self, WithAttempt(target), OnError, Blocking::new(ThreadSleeper))
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
    ) -> CallOf<'_, Self, F, OnError, Async<DefaultSleeper>>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        Call::new(self, target, OnError, Async::new(DefaultSleeper::default()))
    }

    /// Retries an async function on errors; the function gets the [`Attempt`].
    #[inline]
    fn retry_async_with<F, Fut, T, E>(
        &self,
        target: F,
    ) -> CallOf<'_, Self, WithAttempt<F>, OnError, Async<DefaultSleeper>>
    where
        F: FnMut(Attempt) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        Call::new(self, WithAttempt(target), OnError, Async::new(DefaultSleeper::default()))
    }

    /// Calls a function until a condition holds, blocking; a call that gives up returns the last
    /// value.
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
    fn poll<F, O>(&self, target: F) -> CallOf<'_, Self, F, (), Blocking<ThreadSleeper>>
    where
        F: FnMut() -> O,
    {
        Call::new(self, target, (), Blocking::new(ThreadSleeper))
    }

    /// Calls an async function until a condition holds; a call that gives up returns the last value.
    #[inline]
    fn poll_async<F, Fut>(&self, target: F) -> CallOf<'_, Self, F, (), Async<DefaultSleeper>>
    where
        F: FnMut() -> Fut,
        Fut: Future,
    {
        Call::new(self, target, (), Async::new(DefaultSleeper::default()))
    }

    /// Begins a blocking loop of the caller's own.
    ///
    /// A policy with a breaker may reject the first try: its loop begins with `tries()?`, and the error
    /// is an [`Open`](crate::Open). Such a loop must report its [`success`](Tries::success).
    #[inline]
    fn tries(&self) -> X::Begun<TriesOf<'_, Self, Blocking<ThreadSleeper>>> {
        X::begun(Tries::new(self, Blocking::new(ThreadSleeper)))
    }

    /// Begins an async loop of the caller's own, as [`tries`](Self::tries) begins a blocking one.
    #[inline]
    fn tries_async(&self) -> X::Begun<TriesOf<'_, Self, Async<DefaultSleeper>>>
    where
        DefaultSleeper: Clock,
    {
        X::begun(Tries::new(self, Async::new(DefaultSleeper::default())))
    }
}

type TriesOf<'p, P, M> = Tries<
    <P as PolicySource>::Policy<'p>,
    M,
    (),
    GuardsOfCall<<P as PolicySource>::Breakers, <P as PolicySource>::Budgets>,
>;

impl<P, X: Rejection> Retry<X> for P where P: PolicySource<Rejection: Only<X>> + ?Sized {}

/// A policy for calls with the outcome `O`, with a breaker or without.
///
/// Implemented by every policy that is [`Retry`], for all outcomes, and by a policy with a breaker for
/// outcomes that can be made of a rejection and are `Send`: a `Result<T, E>` where `E: From<Open> + 'static`, or an
/// `Option`. The calls are those of [`Retry`], which the prelude imports. Generic code may add guards of its
/// own, which are asked after those of the policy. The erased form of every policy is
/// [`AnyPolicy`](crate::AnyPolicy), which a loop takes: it begins with `tries()?`.
///
/// ```
/// use rebackoff::prelude::*;
/// use rebackoff::{Guarded, Open, RetryFor};
///
/// #[derive(Debug, PartialEq)]
/// struct Failure(String);
///
/// impl From<Open> for Failure {
///     fn from(open: Open) -> Self { Self(open.to_string()) }
/// }
///
/// static RETRIES: Budget = budget!(share(ratio = 0.1));
/// static SHOP: Breaker = breaker!(consecutive = 5);
///
/// fn order<R: RetryFor<Result<u8, Failure>>>(policy: &R) -> Result<u8, Failure> {
///     policy.retry(|| Ok(7)).breaker(&SHOP).budget(&RETRIES).call()
/// }
///
/// static ORDER: Policy = policy!(expo, max_tries = 3);
/// assert_eq!(order(&ORDER), Ok(7));
/// assert_eq!(order(&Guarded::new(ORDER, &SHOP)), Ok(7));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no policy for calls with the outcome `{O}`",
    note = "`RetryFor<{O}>` takes a policy, and one with a breaker where the error implements \
            `From<rebackoff::Open>`"
)]
pub trait RetryFor<O>: PolicySource<Rejection: Rejects<O> + Rejection<Kept<O>: Send>> {}

impl<O, P> RetryFor<O> for P where
    P: PolicySource<Rejection: Rejects<O> + Rejection<Kept<O>: Send>> + ?Sized
{
}
