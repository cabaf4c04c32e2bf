//! The layer, and its setters.

use rebackoff_core::{Policy, Verdict};
use tower_layer::Layer;

use super::{Cloned, RetryService};
use crate::hooks::{GuardsOf, Judge, OnError, PerRequest, Then};
use crate::{DefaultSleeper, Retry};

/// Sends requests again, around a tower service.
///
/// The [module](crate::tower) says how; `H` is what the caller says about requests, `R` what makes
/// another of each, `S` the sleeper.
#[derive(Clone, Copy, Debug)]
pub struct RetryLayer<'p, H = Errors, R = Cloned, S = DefaultSleeper> {
    rules: Rules<'p, H, R, S>,
}

/// What the layer and its services have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules<'p, H, R, S> {
    pub(crate) policy: &'p Policy,
    pub(crate) hooks: H,
    pub(crate) repeat: R,
    pub(crate) sleeper: S,
}

impl<'p, P: Retry> RetryLayer<'p, Then<Errors, GuardsOf<&'p P>>> {
    /// Retries on errors, as `policy` says: a [`Policy`] or a [`Guarded`](crate::Guarded) one, with a
    /// budget and a breaker. With a breaker, the error of the service is made of
    /// [`Open`](crate::Open).
    pub fn new(policy: &'p P) -> Self {
        Self::with(policy, Errors)
    }
}

impl<'p, P: Retry, H> RetryLayer<'p, Then<H, GuardsOf<&'p P>>> {
    /// Retries as `policy` and `hooks` say.
    pub(crate) fn with(policy: &'p P, hooks: H) -> Self {
        let sleeper = DefaultSleeper::default();
        let hooks = Then(hooks, GuardsOf(policy));
        Self { rules: Rules { policy: policy.plain(), hooks, repeat: Cloned, sleeper } }
    }
}

impl<'p, H, R, S> RetryLayer<'p, H, R, S> {
    /// Takes the verdict on each result from a function, in place of what was said before.
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
    pub fn judge<C, O>(self, judge: C) -> RetryLayer<'p, Then<H, JudgeBy<C>>, R, S>
    where
        C: Fn(&O) -> Verdict + Clone,
    {
        self.then(JudgeBy(judge))
    }

    /// Adds what a function of the request says: it gives a [`Hook`](crate::Hook), which may be a
    /// handler, a condition, or a guard for each key. A [`PerRequest`] of your own can say more.
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
    pub fn hooks<A>(self, hooks: A) -> RetryLayer<'p, Then<H, A>, R, S> {
        self.then(hooks)
    }

    /// Makes another of each request with a function, in place of `Clone`; one for which it gives
    /// `None` is sent once.
    pub fn repeat<F, Req>(self, repeat: F) -> RetryLayer<'p, H, F, S>
    where
        F: Fn(&Req) -> Option<Req>,
    {
        let Rules { policy, hooks, sleeper, .. } = self.rules;
        RetryLayer { rules: Rules { policy, hooks, repeat, sleeper } }
    }

    /// Waits with `sleeper` in place of the default one, and reads its clock.
    pub fn sleeper<T>(self, sleeper: T) -> RetryLayer<'p, H, R, T> {
        let Rules { policy, hooks, repeat, .. } = self.rules;
        RetryLayer { rules: Rules { policy, hooks, repeat, sleeper } }
    }

    fn then<A>(self, added: A) -> RetryLayer<'p, Then<H, A>, R, S> {
        self.map_hooks(|hooks| Then(hooks, added))
    }

    pub(crate) fn map_hooks<A>(self, change: impl FnOnce(H) -> A) -> RetryLayer<'p, A, R, S> {
        let Rules { policy, hooks, repeat, sleeper } = self.rules;
        RetryLayer { rules: Rules { policy, hooks: change(hooks), repeat, sleeper } }
    }
}

impl<'p, Svc, H: Clone, R: Clone, S: Clone> Layer<Svc> for RetryLayer<'p, H, R, S> {
    type Service = RetryService<'p, Svc, H, R, S>;

    fn layer(&self, inner: Svc) -> Self::Service {
        RetryService::new(inner, self.rules.clone())
    }
}

/// Retries on errors.
#[derive(Clone, Copy, Debug)]
pub struct Errors;

impl<Req, T, E> PerRequest<Req, Result<T, E>> for Errors {
    type Hooks = OnError;

    fn hooks(&self, _: &Req) -> OnError {
        OnError
    }
}

/// Takes the verdict from a function.
#[derive(Clone, Copy, Debug)]
pub struct JudgeBy<C>(C);

impl<Req, O, C: Fn(&O) -> Verdict + Clone> PerRequest<Req, O> for JudgeBy<C> {
    type Hooks = Judge<C>;

    fn hooks(&self, _: &Req) -> Judge<C> {
        Judge(self.0.clone())
    }
}
