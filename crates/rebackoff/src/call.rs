//! Layer 2: closures. A call in the making, and its setters.

use std::borrow::Borrow;
use std::time::Duration;

use rebackoff_core::{Breaker, Budget, Cost, Event, Health, Open, Policy, Verdict};

use crate::Mode;
use crate::hooks::{
    Asks, Costs, Counts, Giveup, HintFrom, JitterBy, Judge, OnBackoff, OnGiveup, OnSuccess, OnTry,
    PolicyFor, Rejected, Seen, Spends, Then, Until, WaitFrom, When,
};
use crate::random::CallDraws;
use crate::session::Session;
use crate::target::Target;

/// A call in the making: a target, its policy, and what the caller says about it.
///
/// Begun by a method of [`Retry`](crate::Retry); ended by [`call`](Call::call) where it is
/// blocking, by `.await` where it is async, or by `outcome`, which tells how it went. `F` is the
/// target, `H` the hooks, `M` the mode.
#[derive(Clone, Copy, Debug)]
#[must_use = "nothing is called before `.call()` or `.await`"]
pub struct Call<'p, F, H, M> {
    policy: &'p Policy,
    pub(crate) target: F,
    pub(crate) hooks: H,
    mode: M,
    draws: CallDraws,
}

/// A call with one more hook, `A`.
type Hooked<'p, F, H, A, M> = Call<'p, F, Then<H, A>, M>;

impl<'p, F, H, M> Call<'p, F, H, M> {
    #[inline]
    pub(crate) const fn new(policy: &'p Policy, target: F, hooks: H, mode: M) -> Self {
        Self { policy, target, hooks, mode, draws: CallDraws::UNSEEDED }
    }

    /// Retries only on errors that `condition` is true for; gives up with `giveup` on others.
    #[inline]
    pub fn when<C, T, E>(self, condition: C) -> Call<'p, F, Then<H, When<C>>, M>
    where
        F: Target<M, Outcome = Result<T, E>>,
        C: FnMut(&E) -> bool,
    {
        self.hook(When(condition))
    }

    /// Gives up, with `giveup`, on errors that `condition` is true for.
    ///
    /// It is asked even when a limit is reached already.
    #[inline]
    pub fn giveup<C, T, E>(self, condition: C) -> Call<'p, F, Then<H, Giveup<C>>, M>
    where
        F: Target<M, Outcome = Result<T, E>>,
        C: FnMut(&E) -> bool,
    {
        self.hook(Giveup(condition))
    }

    /// Waits at least as long as `hint` says of an error, for example what `Retry-After` asked
    /// for; gives up with `hint` when that is past the deadline.
    #[inline]
    pub fn hint<C, T, E>(self, hint: C) -> Call<'p, F, Then<H, HintFrom<C>>, M>
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
    pub fn policy_for<C, P, T, E>(self, choice: C) -> Call<'p, F, Then<H, PolicyFor<C>>, M>
    where
        F: Target<M, Outcome = Result<T, E>>,
        C: FnMut(&E) -> P,
        P: Borrow<Policy>,
    {
        self.hook(PolicyFor(choice))
    }

    /// Retries until `condition` is true for what the target gave.
    ///
    /// After `retry`, errors are retried anyway, and the condition looks at what is `Ok`; after
    /// `poll`, it alone decides.
    #[inline]
    pub fn until<C>(self, condition: C) -> Call<'p, F, Then<H, Until<C>>, M>
    where
        F: Target<M>,
        C: FnMut(&F::Outcome) -> bool,
    {
        self.hook(Until(condition))
    }

    /// Takes the whole verdict from a function of what the target gave, in place of what the
    /// setters before this one say.
    #[inline]
    pub fn judge<C>(self, judge: C) -> Call<'p, F, Then<H, Judge<C>>, M>
    where
        F: Target<M>,
        C: FnMut(&F::Outcome) -> Verdict,
    {
        self.hook(Judge(judge))
    }

    /// Takes the raw waits from a function of what the target gave (the strategy
    /// [`runtime`](crate::runtime)); `None` gives up with `exhausted`.
    #[inline]
    pub fn wait_from<C>(self, wait: C) -> Call<'p, F, Then<H, WaitFrom<C>>, M>
    where
        F: Target<M>,
        C: FnMut(&F::Outcome) -> Option<Duration>,
    {
        self.hook(WaitFrom(wait))
    }

    /// Spreads raw waits with a function, in place of the policy's jitter; the result is clamped
    /// to the strategy's cap.
    #[inline]
    pub fn jitter<C>(self, jitter: C) -> Call<'p, F, Then<H, JitterBy<C>>, M>
    where
        C: FnMut(Duration) -> Duration,
    {
        self.hook(JitterBy(jitter))
    }

    /// Calls `handler` before each try.
    #[inline]
    pub fn on_try<C>(self, handler: C) -> Call<'p, F, Then<H, OnTry<C>>, M>
    where
        F: Target<M>,
        C: FnMut(&Event<'_, F::Outcome>),
    {
        self.hook(OnTry(handler))
    }

    /// Calls `handler` after each failed try that a wait follows, before the wait.
    #[inline]
    pub fn on_backoff<C>(self, handler: C) -> Call<'p, F, Then<H, OnBackoff<C>>, M>
    where
        F: Target<M>,
        C: FnMut(&Event<'_, F::Outcome>),
    {
        self.hook(OnBackoff(handler))
    }

    /// Calls `handler` when the call gives up.
    #[inline]
    pub fn on_giveup<C>(self, handler: C) -> Call<'p, F, Then<H, OnGiveup<C>>, M>
    where
        F: Target<M>,
        C: FnMut(&Event<'_, F::Outcome>),
    {
        self.hook(OnGiveup(handler))
    }

    /// Calls `handler` when a try is accepted.
    #[inline]
    pub fn on_success<C>(self, handler: C) -> Call<'p, F, Then<H, OnSuccess<C>>, M>
    where
        F: Target<M>,
        C: FnMut(&Event<'_, F::Outcome>),
    {
        self.hook(OnSuccess(handler))
    }

    /// Adds a [`Hook`](crate::Hook): conditions, waits and handlers in one.
    #[inline]
    pub fn hook<A>(self, hook: A) -> Call<'p, F, Then<H, A>, M> {
        let Self { policy, target, hooks, mode, draws } = self;
        Call { policy, target, hooks: Then(hooks, hook), mode, draws }
    }

    /// Pays for retries out of `budget`, which other calls share. A retry that it refuses is not
    /// made: the call gives up with [`Reason::Budget`](crate::Reason::Budget), and what the last try
    /// gave comes back. Of several budgets each pays in turn. A retry that was paid for and is
    /// not made gets its tokens back ([`Budget::refund`]): where the next budget refuses it, where a
    /// breaker does after the wait, and where the call is dropped or cancelled in the wait.
    ///
    /// ```
    /// use rebackoff::prelude::*;
    /// # let _no_wait = rebackoff::testing::no_wait();
    ///
    /// static FETCH: Policy = policy!(expo, max_tries = 8);
    /// static RETRIES: Budget = budget!(per_second(rate = 0.001, capacity = 2));
    ///
    /// let outcome = FETCH.retry(|| Err::<(), _>("down")).budget(&RETRIES).outcome();
    /// assert_eq!((outcome.tries, outcome.reason), (3, Some(Reason::Budget)));
    /// ```
    #[inline]
    pub fn budget<B: Borrow<Budget>>(self, budget: B) -> Hooked<'p, F, H, Spends<B, F::Outcome>, M>
    where
        F: Target<M>,
    {
        self.hook(Spends::of(budget))
    }

    /// Takes from a function what a retry after a failed outcome costs the budget, where that has
    /// prices (a [`quota`](Budget::quota)). Without it, a retry after a try that its
    /// [`timeout`](Self::timeout) cancelled costs [`Cost::Timeout`](crate::Cost::Timeout), and every
    /// other [`Cost::Retry`](crate::Cost::Retry).
    #[inline]
    pub fn costs<C>(self, cost: C) -> Call<'p, F, Then<H, Costs<C>>, M>
    where
        F: Target<M>,
        C: FnMut(&F::Outcome) -> Cost,
    {
        self.hook(Costs(cost))
    }

    /// Asks `breaker`, which other calls share, before each try, and tells it how the try went.
    ///
    /// Where it lets no first try through, nobody is asked: the call gives an error that is made of
    /// [`Open`]. Where it lets no retry through, what the last try gave comes back. Both give up
    /// with [`Reason::Breaker`](crate::Reason::Breaker). An outcome that is retried, or would be if
    /// a limit allowed it, is a failure of the target, every other one a success;
    /// [`counts`](Self::counts) has its own word.
    ///
    /// A try that failed because a breaker inside the target let no call through says nothing of the
    /// target, for nobody was asked: it is neutral, unless `counts` says otherwise. Such a try is one
    /// in which the call with a breaker that ended last was rejected before its first try. Inside are
    /// calls of the same thread, and of the same task where they are async. Calls inside each other
    /// that share a breaker need a probe each: with one, the outer call takes it, and the inner one is
    /// rejected for as long as the breaker is half-open.
    ///
    /// ```
    /// use rebackoff::prelude::*;
    /// use rebackoff::Open;
    /// # let _no_wait = rebackoff::testing::no_wait();
    ///
    /// #[derive(Debug, PartialEq)]
    /// enum Failure { Down, Open }
    ///
    /// impl From<Open> for Failure {
    ///     fn from(_: Open) -> Self { Self::Open }
    /// }
    ///
    /// static FETCH: Policy = policy!(expo, max_tries = 8);
    /// static SHOP: Breaker = breaker!(consecutive = 2, open_for = secs(600));
    ///
    /// let fetch = || FETCH.retry(|| Err::<(), _>(Failure::Down)).breaker(&SHOP).outcome();
    /// let outcome = fetch();
    /// assert_eq!((outcome.tries, outcome.reason), (2, Some(Reason::Breaker)));
    /// assert_eq!(outcome.result, Err(Failure::Down));
    ///
    /// let outcome = fetch();
    /// assert_eq!((outcome.tries, outcome.reason), (0, Some(Reason::Breaker)));
    /// assert_eq!(outcome.result, Err(Failure::Open));
    /// ```
    #[inline]
    pub fn breaker<B>(self, breaker: B) -> Hooked<'p, F, H, Asks<B, F::Outcome>, M>
    where
        F: Target<M>,
        F::Outcome: Rejected,
        B: Borrow<Breaker>,
    {
        self.hook(Asks::of(breaker))
    }

    /// The same, for outcomes that are not made of [`Open`]: `rejected` makes what the call gives
    /// when nobody is asked.
    #[inline]
    pub fn breaker_or<B, C>(
        self,
        breaker: B,
        rejected: C,
    ) -> Hooked<'p, F, H, Asks<B, F::Outcome, C>, M>
    where
        F: Target<M>,
        B: Borrow<Breaker>,
        C: FnMut(Open) -> F::Outcome,
    {
        self.hook(Asks::new(breaker, rejected))
    }

    /// Takes from a function what an outcome says of the health of the target, for the breaker.
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
    pub fn counts<C>(self, health: C) -> Call<'p, F, Then<H, Counts<C>>, M>
    where
        F: Target<M>,
        C: FnMut(&F::Outcome) -> Health,
    {
        self.hook(Counts(health))
    }

    /// Lets the calls inside this one's target see it: they inherit its deadline, their events
    /// count its tries in `amplification`, and those that are to give way do.
    ///
    /// A call with `max_time` or a handler, or one that ends with `.outcome()`, is seen without it; any other is not, because success is to cost nothing.
    ///
    /// ```
    /// use rebackoff::prelude::*;
    /// # let _no_wait = rebackoff::testing::no_wait();
    ///
    /// static OUTER: Policy = policy!(expo, max_tries = 3);
    /// static INNER: Policy = policy!(expo, max_tries = 3, nested = Nested::Once);
    ///
    /// let mut calls = 0;
    /// let mut down = || {
    ///     calls += 1;
    ///     Err::<(), _>("down")
    /// };
    /// let _ = OUTER.retry(|| INNER.retry(&mut down).call()).scope().call();
    /// assert_eq!(calls, 3); // not nine
    /// ```
    #[inline]
    pub fn scope(self) -> Call<'p, F, Then<H, Seen>, M> {
        self.hook(Seen)
    }

    /// Waits with `sleeper` in place of the default one, and reads its clock.
    #[inline]
    pub fn sleeper<S>(self, sleeper: S) -> Call<'p, F, H, M::With<S>>
    where
        M: Mode,
    {
        let Self { policy, target, hooks, mode: _, draws } = self;
        Call { policy, target, hooks, mode: M::with(sleeper), draws }
    }

    /// Makes the jitter depend on `seed` alone, so that a run can be repeated.
    #[inline]
    pub fn seed(mut self, seed: u64) -> Self {
        self.draws = CallDraws::seeded(seed);
        self
    }

    /// Puts another target in place of this one.
    pub(crate) fn map_target<G>(self, change: impl FnOnce(F, &M) -> G) -> Call<'p, G, H, M> {
        let Self { policy, target, hooks, mode, draws } = self;
        Call { policy, target: change(target, &mode), hooks, mode, draws }
    }

    #[inline]
    pub(crate) fn into_parts(self) -> (F, H, Session<'p, M::Clock>)
    where
        M: Mode,
    {
        let session = Session::new(self.policy, self.mode.into_clock(), self.draws);
        (self.target, self.hooks, session)
    }
}
