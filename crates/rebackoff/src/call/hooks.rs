//! The setters that add a hook: conditions, waits and handlers.

use std::time::Duration;

use rebackoff_core::{Cost, Event, Health, Policy, Verdict};

use super::Call;
use crate::hooks::{
    Costs, Counts, Giveup, HintFrom, JitterBy, Judge, OnBackoff, OnGiveup, OnSuccess, OnTry,
    PolicyFor, Then, Until, WaitFrom, When,
};
use crate::target::Target;

impl<P, F, H, M, G> Call<P, F, H, M, G> {
    /// Retries only on errors that `condition` is true for; gives up with `giveup` on others.
    #[inline]
    pub fn when<C, T, E>(self, condition: C) -> Call<P, F, Then<H, When<C>>, M, G>
    where
        F: Target<M, Outcome = Result<T, E>>,
        C: FnMut(&E) -> bool,
    {
        self.hook(When(condition))
    }

    /// Gives up, with `giveup`, on errors that `condition` is true for.
    ///
    /// The condition is asked even when a limit is reached already.
    #[inline]
    pub fn giveup<C, T, E>(self, condition: C) -> Call<P, F, Then<H, Giveup<C>>, M, G>
    where
        F: Target<M, Outcome = Result<T, E>>,
        C: FnMut(&E) -> bool,
    {
        self.hook(Giveup(condition))
    }

    /// Waits at least as long as `hint` returns for an error, as a `Retry-After` asks for example. A hint
    /// above the ceiling, or past the deadline, gives up with `hint`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use rebackoff::prelude::*;
    /// use rebackoff::testing::VirtualClock;
    ///
    /// struct Busy { retry_after: Option<Duration> }
    ///
    /// static FETCH: Policy = policy!(constant, jitter = Jitter::None, max_tries = 2);
    ///
    /// let clock = VirtualClock::new();
    /// let busy = || Err::<(), _>(Busy { retry_after: Some(secs(7)) });
    /// let _ = FETCH.retry(busy).hint(|busy| busy.retry_after).sleeper(clock.clone()).call();
    /// assert_eq!(clock.waits(), [secs(7)]);
    /// ```
    #[inline]
    pub fn hint<C, T, E>(self, hint: C) -> Call<P, F, Then<H, HintFrom<C>>, M, G>
    where
        F: Target<M, Outcome = Result<T, E>>,
        C: FnMut(&E) -> Option<Duration>,
    {
        self.hook(HintFrom(hint))
    }

    /// Picks the policy by error: its wait strategy and jitter, at the place in the schedule that
    /// the call has come to, and its limits inside those of the call.
    ///
    /// ```
    /// use rebackoff::prelude::*;
    /// # let _no_wait = rebackoff::testing::no_wait();
    ///
    /// #[derive(Debug, PartialEq)]
    /// enum DbError { Deadlock, Overloaded, Syntax }
    ///
    /// static OVERALL: Policy = policy!(expo(factor = millis(1)), max_tries = 6);
    /// static QUICKLY: Policy = policy!(constant(interval = millis(1)), max_tries = 3);
    /// static GENTLY: Policy = policy!(expo(factor = millis(5)));
    ///
    /// let result: Result<(), DbError> = OVERALL
    ///     .retry(|| Err(DbError::Deadlock))
    ///     .giveup(|error| *error == DbError::Syntax)
    ///     .policy_for(|error| match error {
    ///         DbError::Deadlock => &QUICKLY,
    ///         _ => &GENTLY,
    ///     })
    ///     .call();
    /// assert_eq!(result, Err(DbError::Deadlock)); // after three tries
    /// ```
    #[inline]
    pub fn policy_for<C, Q, T, E>(self, choice: C) -> Call<P, F, Then<H, PolicyFor<C>>, M, G>
    where
        F: Target<M, Outcome = Result<T, E>>,
        C: FnMut(&E) -> Q,
        Q: AsRef<Policy>,
    {
        self.hook(PolicyFor(choice))
    }

    /// Retries until `condition` is true for the outcome.
    ///
    /// After `retry`, errors are retried anyway, and the condition decides on `Ok` values. After `poll`,
    /// the condition alone decides.
    #[inline]
    pub fn until<C>(self, condition: C) -> Call<P, F, Then<H, Until<C>>, M, G>
    where
        F: Target<M>,
        C: FnMut(&F::Outcome) -> bool,
    {
        self.hook(Until(condition))
    }

    /// Takes the whole verdict from a function of the outcome; it overrides the setters before this one.
    ///
    /// ```
    /// use rebackoff::prelude::*;
    /// # let _no_wait = rebackoff::testing::no_wait();
    ///
    /// static FETCH: Policy = policy!(expo, max_tries = 3);
    ///
    /// let mut statuses = [503, 429, 200].into_iter();
    /// let status = FETCH
    ///     .poll(|| statuses.next().unwrap())
    ///     .judge(|status| match status {
    ///         429 => Verdict::retry_after(secs(2)),
    ///         500..600 => Verdict::Retry,
    ///         _ => Verdict::Accept,
    ///     })
    ///     .call();
    /// assert_eq!(status, 200);
    /// ```
    #[inline]
    pub fn judge<C>(self, judge: C) -> Call<P, F, Then<H, Judge<C>>, M, G>
    where
        F: Target<M>,
        C: FnMut(&F::Outcome) -> Verdict,
    {
        self.hook(Judge(judge))
    }

    /// Takes the raw waits from a function of the outcome (the strategy [`runtime`](crate::runtime)); `None`
    /// gives up with `exhausted`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use rebackoff::prelude::*;
    /// use rebackoff::testing::VirtualClock;
    ///
    /// struct Job { check_again_in: Option<Duration> }
    ///
    /// static POLL: Policy = policy!(runtime, jitter = Jitter::None);
    ///
    /// let clock = VirtualClock::new();
    /// let mut jobs = [Some(secs(5)), Some(secs(1)), None].into_iter();
    /// let outcome = POLL
    ///     .poll(|| Job { check_again_in: jobs.next().unwrap() })
    ///     .until(|_| false)
    ///     .wait_from(|job| job.check_again_in)
    ///     .sleeper(clock.clone())
    ///     .outcome();
    /// assert_eq!(clock.waits(), [secs(5), secs(1)]);
    /// assert_eq!(outcome.reason, Some(Reason::Exhausted));
    /// ```
    #[inline]
    pub fn wait_from<C>(self, wait: C) -> Call<P, F, Then<H, WaitFrom<C>>, M, G>
    where
        F: Target<M>,
        C: FnMut(&F::Outcome) -> Option<Duration>,
    {
        self.hook(WaitFrom(wait))
    }

    /// Spreads raw waits with a function, in place of the policy's jitter; the result is clamped
    /// to the strategy's cap.
    ///
    /// ```
    /// use rebackoff::prelude::*;
    /// use rebackoff::testing::VirtualClock;
    ///
    /// static FETCH: Policy = policy!(expo(max_value = secs(3)), max_tries = 4);
    ///
    /// let clock = VirtualClock::new();
    /// let down = || Err::<(), _>("down");
    /// let _ = FETCH.retry(down).jitter(|wait| wait * 2).sleeper(clock.clone()).call();
    /// assert_eq!(clock.waits(), [secs(2), secs(3), secs(3)]);
    /// ```
    #[inline]
    pub fn jitter<C>(self, jitter: C) -> Call<P, F, Then<H, JitterBy<C>>, M, G>
    where
        C: FnMut(Duration) -> Duration,
    {
        self.hook(JitterBy(jitter))
    }

    /// Calls `handler` before each try.
    #[inline]
    pub fn on_try<C>(self, handler: C) -> Call<P, F, Then<H, OnTry<C>>, M, G>
    where
        F: Target<M>,
        C: FnMut(&Event<'_, F::Outcome>),
    {
        self.hook(OnTry(handler))
    }

    /// Calls `handler` after each failed try that a wait follows, before the wait.
    #[inline]
    pub fn on_backoff<C>(self, handler: C) -> Call<P, F, Then<H, OnBackoff<C>>, M, G>
    where
        F: Target<M>,
        C: FnMut(&Event<'_, F::Outcome>),
    {
        self.hook(OnBackoff(handler))
    }

    /// Calls `handler` when the call gives up.
    #[inline]
    pub fn on_giveup<C>(self, handler: C) -> Call<P, F, Then<H, OnGiveup<C>>, M, G>
    where
        F: Target<M>,
        C: FnMut(&Event<'_, F::Outcome>),
    {
        self.hook(OnGiveup(handler))
    }

    /// Calls `handler` when a try is accepted.
    #[inline]
    pub fn on_success<C>(self, handler: C) -> Call<P, F, Then<H, OnSuccess<C>>, M, G>
    where
        F: Target<M>,
        C: FnMut(&Event<'_, F::Outcome>),
    {
        self.hook(OnSuccess(handler))
    }

    /// Adds a [`Hook`](crate::Hook): conditions, waits and handlers in one.
    #[inline]
    pub fn hook<A>(self, hook: A) -> Call<P, F, Then<H, A>, M, G> {
        let Self { policy, target, hooks, mode, guards, draws, visible } = self;
        Call { policy, target, hooks: Then(hooks, hook), mode, guards, draws, visible }
    }

    /// Takes the cost of a retry after a failed outcome from a function, for a budget that has
    /// prices (a [`quota`](crate::Budget::quota)). Without it, a retry after a try that its
    /// [`timeout`](Self::timeout) cancelled costs [`Cost::Timeout`](crate::Cost::Timeout), and every
    /// other [`Cost::Retry`](crate::Cost::Retry).
    #[inline]
    pub fn costs<C>(self, cost: C) -> Call<P, F, Then<H, Costs<C>>, M, G>
    where
        F: Target<M>,
        C: FnMut(&F::Outcome) -> Cost,
    {
        self.hook(Costs(cost))
    }

    /// Takes the health of the target from a function of the outcome, for the breaker.
    ///
    /// ```
    /// use rebackoff::prelude::*;
    /// use rebackoff::Health;
    /// # let _no_wait = rebackoff::testing::no_wait();
    ///
    /// static FETCH: Policy = policy!(expo, max_tries = 3);
    /// static SHOP: Breaker = breaker!(consecutive = 1);
    ///
    /// let result = FETCH
    ///     .retry(|| Err::<(), _>(409)) // a conflict is no failure of the server
    ///     .breaker_or(&SHOP, |_| Err(503))
    ///     .counts(|result| match result {
    ///         Err(500..) => Health::Failure,
    ///         _ => Health::Success,
    ///     })
    ///     .outcome();
    /// assert_eq!(result.reason, Some(Reason::MaxTries));
    /// ```
    #[inline]
    pub fn counts<C>(self, health: C) -> Call<P, F, Then<H, Counts<C>>, M, G>
    where
        F: Target<M>,
        C: FnMut(&F::Outcome) -> Health,
    {
        self.hook(Counts(health))
    }
}
