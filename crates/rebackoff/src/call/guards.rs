//! The setters that add a guard.

use rebackoff_core::{Breaker, Budget, Open};

use super::Call;
use crate::guards::{Asks, ByFunction, ByOutcome, GuardsOfCall, Handle, Pays, Rejected, Several};
use crate::target::Target;

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
    ///
    /// ```
    /// use rebackoff::prelude::*;
    ///
    /// static FETCH: Policy = policy!(expo, max_tries = 8);
    /// static SHOP: Breaker = breaker!(consecutive = 2);
    ///
    /// SHOP.isolate();
    /// let fetch = FETCH.retry(|| "7".parse::<u8>().map_err(|error| error.to_string()));
    /// let price = fetch.breaker_or(&SHOP, |open| Err(open.to_string())).call();
    /// assert_eq!(price, Err("the circuit breaker is isolated".to_owned()));
    /// ```
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
