//! The layer, and its setters.

use std::time::Duration;

use rebackoff_core::Verdict;
use tower_layer::Layer;

use super::RetryService;
use super::errors::Errors;
use crate::guards::{BreakerFor, BudgetFor, Handle};
use crate::hooks::{JudgeBy, Then};
use crate::late::{LateBy, LateIfBoxed};
use crate::resend::{Cloned, Rules};
use crate::sleepers::DefaultSleeper;
use crate::source::PolicySource;
use crate::{AsyncSleeper, Breaker, Budget};

/// Sends requests again, around a tower service.
///
/// The [module](crate::tower) documents it. `P` is the policy, which the layer owns: a
/// [`Policy`](crate::Policy), a [`Guarded`](crate::Guarded) one, an `Arc` or a reference; `H` makes the
/// hooks of each request, `G` its guards, `R` makes another of each request, `S` is
/// the sleeper, and `L` makes the error of a request that the deadline ends.
#[derive(Clone, Copy, Debug)]
pub struct RetryLayer<P, H = Errors, G = (), R = Cloned, S = DefaultSleeper, L = LateIfBoxed> {
    rules: Rules<P, H, G, R, S, L>,
}

impl<P: PolicySource> RetryLayer<P> {
    /// Retries on errors, as `policy` says. With a breaker, the error of the service is made of
    /// [`Open`](crate::Open).
    pub fn new(policy: P) -> Self {
        Self::with(policy, Errors)
    }
}

impl<P: PolicySource, H> RetryLayer<P, H> {
    /// Retries as `policy` and `hooks` say.
    pub(crate) fn with(policy: P, hooks: H) -> Self {
        let sleeper = DefaultSleeper::default();
        let late = LateIfBoxed;
        Self { rules: Rules { policy, hooks, guards: (), repeat: Cloned, sleeper, late } }
    }
}

impl<P, H, G, R, S, L> RetryLayer<P, H, G, R, S, L> {
    /// Takes the verdict on each result from a function, which overrides the hooks before it.
    ///
    /// ```
    /// use rebackoff::prelude::*;
    /// use rebackoff::tower::RetryLayer;
    ///
    /// static ASK: Policy = policy!(expo, max_tries = 3);
    ///
    /// let layer = RetryLayer::new(&ASK).judge(|result: &Result<Option<u8>, String>| match result {
    ///     Ok(Some(_)) => Verdict::Accept,
    ///     Ok(None) => Verdict::retry_after(secs(2)),
    ///     Err(error) if error.starts_with("fatal") => Verdict::GiveUp,
    ///     Err(_) => Verdict::Retry,
    /// });
    /// # let _ = layer;
    /// ```
    pub fn judge<C, O>(self, judge: C) -> RetryLayer<P, Then<H, JudgeBy<C>>, G, R, S, L>
    where
        C: Fn(&O) -> Verdict + Clone,
    {
        self.map_hooks(|hooks| Then(hooks, JudgeBy(judge)))
    }

    /// Adds the [`Hook`](crate::Hook) that a function of the request returns: a handler or a condition.
    /// An implementation of [`PerRequest`](crate::hooks::PerRequest) can do more.
    ///
    /// ```
    /// use rebackoff::hooks::OnBackoff;
    /// use rebackoff::prelude::*;
    /// use rebackoff::tower::RetryLayer;
    ///
    /// static ASK: Policy = policy!(expo, max_tries = 3);
    ///
    /// let layer = RetryLayer::new(&ASK).hooks(|question: &String| {
    ///     let question = question.clone();
    ///     OnBackoff(move |event: &Event<'_, Result<u8, String>>| {
    ///         eprintln!("asking {question} again in {:?}", event.wait);
    ///     })
    /// });
    /// # let _ = layer;
    /// ```
    pub fn hooks<A>(self, hooks: A) -> RetryLayer<P, Then<H, A>, G, R, S, L> {
        self.map_hooks(|before| Then(before, hooks))
    }

    /// Asks the breaker that a function of the request returns, after those of the policy: a breaker
    /// for each host, for example. The error of the service is made of [`Open`](crate::Open).
    ///
    /// ```
    /// # #[cfg(feature = "keyed")] {
    /// use std::num::NonZeroU64;
    /// use std::sync::Arc;
    /// use rebackoff::prelude::*;
    /// use rebackoff::Keyed;
    /// use rebackoff::tower::RetryLayer;
    ///
    /// static ASK: Policy = policy!(expo, max_tries = 3);
    ///
    /// let shards = NonZeroU64::new(100).unwrap();
    /// let breakers = Arc::new(Keyed::new(shards, |_: &u8| breaker!(consecutive = 5)));
    /// let layer = RetryLayer::new(ASK).breaker_for(move |shard: &u8| breakers.get(shard));
    /// # let _ = layer;
    /// # }
    /// ```
    pub fn breaker_for<F, Req, A>(self, breaker: F) -> RetryLayer<P, H, BreakerFor<G, F>, R, S, L>
    where
        F: Fn(&Req) -> A,
        A: Handle<Breaker>,
    {
        RetryLayer { rules: self.rules.map_guards(|guards| BreakerFor(guards, breaker)) }
    }

    /// Pays for retries out of the budget that a function of the request returns, after those of the
    /// policy.
    pub fn budget_for<F, Req, A>(self, budget: F) -> RetryLayer<P, H, BudgetFor<G, F>, R, S, L>
    where
        F: Fn(&Req) -> A,
        A: Handle<Budget>,
    {
        RetryLayer { rules: self.rules.map_guards(|guards| BudgetFor(guards, budget)) }
    }

    /// Makes another request like an earlier one with a function, in place of `Clone`. A request for which
    /// the function returns `None` is sent once.
    pub fn repeat<F, Req>(self, repeat: F) -> RetryLayer<P, H, G, F, S, L>
    where
        F: Fn(&Req) -> Option<Req>,
    {
        RetryLayer { rules: self.rules.repeat(repeat) }
    }

    /// Waits with `sleeper` in place of the default one, and reads its clock.
    pub fn sleeper<T>(self, sleeper: T) -> RetryLayer<P, H, G, R, T, L> {
        RetryLayer { rules: self.rules.sleeper(sleeper) }
    }

    /// Ends a request that has no answer at the deadline, with the error that a function of the try's time
    /// makes: at the end of `max_time`, or at the deadline of an enclosing call.
    ///
    /// ```
    /// use rebackoff::prelude::*;
    /// use rebackoff::tower::RetryLayer;
    ///
    /// static ASK: Policy = policy!(expo, max_time = secs(60));
    ///
    /// let layer = RetryLayer::new(ASK).late(|limit| format!("no answer in {limit:?}"));
    /// # let _ = layer;
    /// ```
    pub fn late<F, E>(self, error: F) -> RetryLayer<P, H, G, R, S, LateBy<F>>
    where
        F: Fn(Duration) -> E,
    {
        RetryLayer { rules: self.rules.late(LateBy(error)) }
    }

    pub(crate) fn map_hooks<A>(self, change: impl FnOnce(H) -> A) -> RetryLayer<P, A, G, R, S, L> {
        RetryLayer { rules: self.rules.map_hooks(change) }
    }
}

impl<Svc, P, H, G, R, S, L> Layer<Svc> for RetryLayer<P, H, G, R, S, L>
where
    // As for the service, so that the compiler's message names what is missing: a `Clone`, or the feature of a runtime.
    Svc: Clone,
    S: AsyncSleeper + Clone,
    P: Clone,
    H: Clone,
    G: Clone,
    R: Clone,
    L: Clone,
{
    type Service = RetryService<Svc, P, H, G, R, S, L>;

    fn layer(&self, inner: Svc) -> Self::Service {
        RetryService::new(inner, self.rules.clone())
    }
}
