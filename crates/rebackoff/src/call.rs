//! Layer 2: closures. A call in the making, and its setters.

use std::future::IntoFuture;
use std::time::Duration;

use rebackoff_core::{Breaker, Budget, Cost, Event, Health, Open, Policy, Verdict};

use crate::guards::{Asks, ByFunction, ByOutcome, GuardsOfCall, Handle, Pays, Rejected, Several};
use crate::hooks::{
    Costs, Counts, Giveup, HintFrom, JitterBy, Judge, OnBackoff, OnGiveup, OnSuccess, OnTry,
    PolicyFor, Then, Until, WaitFrom, When,
};
use crate::mode::{Async, Blocking, Mode};
use crate::random::CallDraws;
use crate::session::Session;
use crate::signal::{EndsCall, EndsWaits, Signal, WokenBy};
use crate::sleepers::ThreadSleeper;
use crate::source::PolicySource;
use crate::target::Target;

/// A call in the making: a target, its policy, and what the caller adds to it.
///
/// A method of [`Retry`](crate::Retry) begins it. [`call`](Call::call) runs a blocking one, `.await` an
/// async one; `outcome` also returns tries, time and reason. `P` is the policy or a reference to it, `F`
/// the target, `H` the hooks, `M` the mode, `G` the guards.
#[derive(Clone, Copy, Debug)]
#[must_use = "nothing is called before `.call()` or `.await`"]
pub struct Call<P, F, H, M, G = GuardsOfCall<(), ()>> {
    policy: P,
    pub(crate) target: F,
    hooks: H,
    mode: M,
    guards: G,
    draws: CallDraws,
    visible: bool,
}

impl<'p, P, F, H, M, K, B> Call<P, F, H, M, GuardsOfCall<K, B>> {
    #[inline]
    pub(crate) fn new<R>(source: &'p R, target: F, hooks: H, mode: M) -> Self
    where
        R: PolicySource<Policy<'p> = P, Breakers = K, Budgets = B> + ?Sized,
    {
        Self::by(source.policy(), source.guards(), target, hooks, mode)
    }
}

impl<P, F, H, M, G> Call<P, F, H, M, G> {
    #[inline]
    pub(crate) const fn by(policy: P, guards: G, target: F, hooks: H, mode: M) -> Self {
        let draws = CallDraws::UNSEEDED;
        Self { policy, target, hooks, mode, guards, draws, visible: false }
    }

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
    /// prices (a [`quota`](Budget::quota)). Without it, a retry after a try that its
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

    /// Makes this call visible to the calls inside its target: they inherit its deadline, their events
    /// count its tries in `amplification`, and a call with `nested = Once` leaves retrying to it.
    ///
    /// A call with `max_time`, or one that ends with `.outcome()`, is always visible. Of a
    /// [`timeout`](Self::timeout) alone the calls inside see the deadline. Handlers and guards make no
    /// call visible, so that a success costs nothing.
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
    pub fn scope(mut self) -> Self {
        self.visible = true;
        self
    }

    /// Waits with `sleeper` in place of the default one, and reads its clock.
    #[inline]
    pub fn sleeper<S>(self, sleeper: S) -> Call<P, F, H, M::With<S>, G>
    where
        M: Mode,
    {
        self.map_mode(|mode| mode.with(sleeper))
    }

    /// Makes the jitter depend on `seed` alone, so that a run can be repeated.
    #[inline]
    pub fn seed(mut self, seed: u64) -> Self {
        self.draws = CallDraws::seeded(seed);
        self
    }

    /// Takes a copy of the policy in place of a reference, so that the call can be spawned, returned
    /// and stored.
    ///
    /// ```
    /// # #[cfg(feature = "tokio")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use rebackoff::prelude::*;
    ///
    /// let policy = Policy::new(expo()).max_tries(3).build()?; // from a file, for example
    /// let call = policy.retry_async(|| async { "7".parse::<u8>() }).owned();
    /// assert_eq!(tokio::spawn(call.into_future()).await.unwrap(), Ok(7));
    /// # Ok::<(), PolicyError>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    pub fn owned(self) -> Call<Policy, F, H, M, G>
    where
        P: AsRef<Policy>,
    {
        let Self { policy, target, hooks, mode, guards, draws, visible } = self;
        Call { policy: *policy.as_ref(), target, hooks, mode, guards, draws, visible }
    }

    /// Puts another target in place of this one.
    pub(crate) fn map_target<T>(self, change: impl FnOnce(F, &M) -> T) -> Call<P, T, H, M, G> {
        let Self { policy, target, hooks, mode, guards, draws, visible } = self;
        Call { policy, target: change(target, &mode), hooks, mode, guards, draws, visible }
    }

    #[inline]
    fn map_mode<N>(self, change: impl FnOnce(M) -> N) -> Call<P, F, H, N, G> {
        let Self { policy, target, hooks, mode, guards, draws, visible } = self;
        Call { policy, target, hooks, mode: change(mode), guards, draws, visible }
    }

    #[inline]
    pub(crate) fn map_guards<N>(self, change: impl FnOnce(G) -> N) -> Call<P, F, H, M, N> {
        let Self { policy, target, hooks, mode, guards, draws, visible } = self;
        Call { policy, target, hooks, mode, guards: change(guards), draws, visible }
    }

    #[inline]
    pub(crate) fn into_parts(self) -> (F, M::Signal, Session<P, M::Sleeper, H, G>)
    where
        M: Mode,
    {
        let (sleeper, signal) = self.mode.into_parts();
        let Self { policy, target, hooks, guards, draws, visible, .. } = self;
        (target, signal, Session::new(policy, sleeper, draws, hooks, guards, visible))
    }
}

type WithBudget<P, F, H, M, K, B, G> = Call<P, F, H, M, GuardsOfCall<K, Several<B, Pays<G>>>>;
type WithBreaker<P, F, H, M, K, B, A> = Call<P, F, H, M, GuardsOfCall<Several<K, A>, B>>;

impl<P, F, H, M, K, B> Call<P, F, H, M, GuardsOfCall<K, B>> {
    /// Pays for retries out of `budget`, which other calls share. A retry that it refuses is not
    /// made: the call gives up with [`Reason::Budget`](crate::Reason::Budget) and returns the last outcome.
    /// Several budgets pay in turn.
    ///
    /// A budget gets the tokens of a retry back that does not begin ([`Budget::refund`]): the next budget
    /// refuses it, a breaker rejects it after the wait, or the call is dropped or cancelled in the wait.
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
    pub fn budget<G>(self, budget: G) -> WithBudget<P, F, H, M, K, B, G>
    where
        G: Handle<Budget>,
    {
        self.map_guards(|guards| guards.and_budget(Pays::new(budget)))
    }

    /// Asks `breaker`, which other calls share, before each try, and reports the outcome to it.
    ///
    /// A breaker that rejects the first try ends the call without one: its outcome is made of
    /// [`Open`], by [`FromOpen`](crate::FromOpen). A breaker that rejects a retry ends the call with
    /// the last outcome. Both give up with [`Reason::Breaker`](crate::Reason::Breaker). For the breaker
    ///
    /// - an outcome that is retried, or would be but for a limit, is a failure of the target;
    /// - every other outcome is a success, a permanent error among them: the target has answered;
    /// - a rejection by another breaker is neutral, where the error type can tell
    ///   ([`FromOpen::is_rejection`](crate::FromOpen::is_rejection));
    /// - [`counts`](Self::counts) overrides all of these.
    ///
    /// Nested calls that share a breaker need a probe each. With one probe the outer call takes it, and
    /// the inner call is rejected as long as the breaker is half-open.
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
    pub fn breaker<G>(self, breaker: G) -> WithBreaker<P, F, H, M, K, B, Asks<G>>
    where
        F: Target<M>,
        F::Outcome: Rejected,
        G: Handle<Breaker>,
    {
        self.map_guards(|guards| guards.and_breaker(Asks::new(breaker, ByOutcome)))
    }

    /// Asks `breaker` as [`breaker`](Self::breaker) does; `rejected` makes the outcome of a call whose
    /// first try it rejects.
    #[inline]
    pub fn breaker_or<G, C>(
        self,
        breaker: G,
        rejected: C,
    ) -> WithBreaker<P, F, H, M, K, B, Asks<G, ByFunction<C>>>
    where
        F: Target<M>,
        G: Handle<Breaker>,
        C: FnOnce(Open) -> F::Outcome + Clone,
    {
        self.map_guards(|guards| guards.and_breaker(Asks::new(breaker, ByFunction(rejected))))
    }
}

impl<P, F, H, G> Call<P, F, H, Blocking<ThreadSleeper>, G> {
    /// Cancels the call when `signal` comes: its wait ends at once, and the last outcome comes back
    /// with [`Reason::Cancelled`](crate::Reason::Cancelled). A running try is not interrupted.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use rebackoff::prelude::*;
    ///
    /// static FETCH: Policy = policy!(expo(factor = secs(3600)), jitter = Jitter::None);
    ///
    /// let (stop, stopped) = mpsc::channel::<()>();
    /// drop(stop); // elsewhere, when the program is to end
    /// let outcome = FETCH.retry(|| Err::<(), _>("down")).cancelled_by(&stopped).outcome();
    /// assert_eq!((outcome.result, outcome.reason), (Err("down"), Some(Reason::Cancelled)));
    /// ```
    pub fn cancelled_by<C>(self, signal: C) -> Call<P, F, H, Blocking<ThreadSleeper, WokenBy<C>>, G>
    where
        C: Signal,
    {
        self.map_mode(|Blocking { sleeper, .. }| Blocking { sleeper, signal: WokenBy(signal) })
    }
}

impl<P, F, H, S, G> Call<P, F, H, Async<S>, G> {
    /// Cancels the call when the future `signal` is ready: its wait ends at once, and the last outcome
    /// comes back with [`Reason::Cancelled`](crate::Reason::Cancelled). A running try is not
    /// interrupted; [`cancelled_by_or`](Self::cancelled_by_or) ends it, too.
    ///
    /// ```
    /// # #[cfg(feature = "tokio")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use rebackoff::prelude::*;
    ///
    /// static FETCH: Policy = policy!(expo(factor = secs(3600)), jitter = Jitter::None);
    ///
    /// let stop = std::future::ready(()); // the `cancelled()` of a token, for example
    /// let fetch = FETCH.retry_async(|| async { Err::<(), _>("down") });
    /// let outcome = fetch.cancelled_by(stop).outcome().await;
    /// assert_eq!((outcome.result, outcome.reason), (Err("down"), Some(Reason::Cancelled)));
    /// # });
    /// ```
    pub fn cancelled_by<C>(self, signal: C) -> Call<P, F, H, Async<S, EndsWaits<C::IntoFuture>>, G>
    where
        C: IntoFuture<Output = ()>,
    {
        let signal = EndsWaits { signal: signal.into_future() };
        self.map_mode(|Async { sleeper, .. }| Async { sleeper, signal })
    }

    /// Cancels the call when the future `signal` is ready, in a try as well: the try is dropped, and
    /// the call returns what `outcome` makes. In a wait the last outcome comes back.
    pub fn cancelled_by_or<C, T>(
        self,
        signal: C,
        outcome: T,
    ) -> Call<P, F, H, Async<S, EndsCall<C::IntoFuture, T>>, G>
    where
        F: Target<Async<S>>,
        C: IntoFuture<Output = ()>,
        T: FnMut() -> F::Outcome,
    {
        let signal = EndsCall { signal: signal.into_future(), outcome };
        self.map_mode(|Async { sleeper, .. }| Async { sleeper, signal })
    }
}
