//! Retries in a stack of reqwest middleware (feature `reqwest`).

use std::future::pending;

use ::http::Extensions;
use async_trait::async_trait;
use rebackoff_core::{Breaker, Budget, Events, Open, Policy, Verdict};
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};

use super::condition::{Answer, Condition};
use super::{Classifier, resend};
use crate::call::Call;
use crate::guards::{
    BreakerFor, BudgetFor, Guarding, GuardsOfRequest, GuardsPerRequest, Handle, Rejected,
    Rejection, Rejects,
};
use crate::hooks::{Class, Hook, PerRequest, Resendable, Then};
use crate::mode::Async;
use crate::sleepers::DefaultSleeper;
use crate::source::PolicySource;

/// Sends requests again, in a stack of [`reqwest_middleware`].
///
/// ```no_run
/// # async fn get() -> Result<(), Box<dyn std::error::Error>> {
/// use rebackoff::Guarded;
/// use rebackoff::http::{Classifier, RetryMiddleware};
/// use rebackoff::prelude::*;
/// use reqwest_middleware::ClientBuilder;
///
/// static FETCH: Policy = policy!(expo(max_value = secs(30)), max_tries = 5, max_time = secs(60));
/// static RETRIES: Budget = budget!(share(ratio = 0.1));
/// static SHOP: Breaker = breaker!(failure_rate = 0.5, open_for = secs(5));
///
/// let client = ClientBuilder::new(reqwest::Client::new())
///     .with(RetryMiddleware::new(Guarded::new(FETCH, (&RETRIES, &SHOP)))) // or just FETCH
///     .build();
/// let page = client.get("http://shop.example/").send().await?; // up to five times
///
/// // One request has its own rules.
/// static IMPORT: Policy = policy!(expo, max_tries = 2);
/// let created = client
///     .post("http://shop.example/orders")
///     .with_extension(Classifier::new().any_method(true))
///     .with_extension(IMPORT)
///     .send()
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// - **Retries:** the [`Classifier`] decides. By default it retries requests of an idempotent method, or
///   with an `Idempotency-Key`, after 408, 425, 429, 500, 502, 503, 504, a connection error or a timeout
///   (`reqwest::ClientBuilder::timeout` limits each try). It retries every request for which no
///   connection could be made.
/// - **The request** is cloned for each try, without a change. A request whose body is a stream cannot
///   be cloned and is sent once.
/// - **The result** is the response or the error of the last try, untouched. A breaker that rejects the
///   first try gives an [`Error::Middleware`] that holds an [`Open`].
/// - **A response that is not the last** is dropped before the wait, its body unread. The connection is
///   used again if the whole body has come by then; otherwise HTTP/1.1 closes it and HTTP/2 resets the
///   stream.
/// - **Extensions:** a [`Policy`] or a [`Classifier`] in the extensions of a request overrides the
///   middleware's. Each try begins with the extensions of the request; those of the last try are handed
///   back.
/// - **Order:** middleware that is added before this one sees one request. Middleware that is added
///   after it sees each try, with [`ResendCount`](super::ResendCount) from the second on.
#[derive(Clone, Copy, Debug)]
pub struct RetryMiddleware<P = Policy, H = (), G = ()> {
    policy: P,
    classifier: Classifier,
    hooks: H,
    guards: G,
}

impl<P: PolicySource> RetryMiddleware<P> {
    /// Retries as `policy` says, with the default [`Classifier`]. The middleware owns its policy: a
    /// [`Policy`], a [`Guarded`](crate::Guarded) one, an `Arc`, or a reference to a `static`.
    pub const fn new(policy: P) -> Self {
        Self { policy, classifier: Classifier::new(), hooks: (), guards: () }
    }
}

impl<P, H, G> RetryMiddleware<P, H, G> {
    /// Takes this classifier in place of the default one.
    pub fn classifier(self, classifier: Classifier) -> Self {
        Self { classifier, ..self }
    }

    /// Adds the [`Hook`] that a function of the request returns: a handler or a condition.
    ///
    /// ```
    /// use rebackoff::hooks::OnBackoff;
    /// use rebackoff::http::{RetryMiddleware, Tried};
    /// use rebackoff::prelude::*;
    ///
    /// static FETCH: Policy = policy!(expo, max_tries = 3);
    ///
    /// let middleware = RetryMiddleware::new(FETCH).hooks(|request| {
    ///     let url = request.url().clone();
    ///     OnBackoff(move |event: &Event<'_, Tried>| eprintln!("{url}: {:?}", event.wait))
    /// });
    /// ```
    pub fn hooks<F, A>(self, hooks: F) -> RetryMiddleware<P, Then<H, F>, G>
    where
        F: Fn(&Request) -> A,
        A: Hook<Tried>,
    {
        let Self { policy, classifier, hooks: before, guards } = self;
        RetryMiddleware { policy, classifier, hooks: Then(before, hooks), guards }
    }

    /// Asks the breaker that a function of the request returns, after those of the policy.
    ///
    /// ```
    /// # #[cfg(feature = "keyed")] {
    /// use std::num::NonZeroU64;
    /// use std::sync::LazyLock;
    /// use rebackoff::http::RetryMiddleware;
    /// use rebackoff::prelude::*;
    /// use rebackoff::Keyed;
    ///
    /// static FETCH: Policy = policy!(expo, max_tries = 3);
    /// static HOSTS: LazyLock<Keyed<String, Breaker>> = LazyLock::new(|| {
    ///     Keyed::new(NonZeroU64::new(1000).unwrap(), |_| breaker!(consecutive = 5))
    /// });
    ///
    /// let middleware = RetryMiddleware::new(FETCH)
    ///     .breaker_for(|request| HOSTS.get(request.url().host_str().unwrap_or_default()));
    /// # let _ = middleware;
    /// # }
    /// ```
    pub fn breaker_for<F, A>(self, breaker: F) -> RetryMiddleware<P, H, BreakerFor<G, F>>
    where
        F: Fn(&Request) -> A,
        A: Handle<Breaker>,
    {
        let Self { policy, classifier, hooks, guards } = self;
        RetryMiddleware { policy, classifier, hooks, guards: BreakerFor(guards, breaker) }
    }

    /// Pays for retries out of the budget that a function of the request returns, after those of the
    /// policy.
    pub fn budget_for<F, A>(self, budget: F) -> RetryMiddleware<P, H, BudgetFor<G, F>>
    where
        F: Fn(&Request) -> A,
        A: Handle<Budget>,
    {
        let Self { policy, classifier, hooks, guards } = self;
        RetryMiddleware { policy, classifier, hooks, guards: BudgetFor(guards, budget) }
    }
}

/// The outcome of one try, as hooks see it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Tried {
    /// The response, or the error in its place.
    pub result: Result<Response>,
    /// The extensions that the middleware around this try left.
    extensions: Option<Extensions>,
}

impl Rejected for Tried {
    fn rejected(open: Open) -> Self {
        Self { result: Err(Error::middleware(open)), extensions: None }
    }

    fn is_rejection(&self) -> bool {
        matches!(&self.result, Err(Error::Middleware(error)) if error.is::<Open>())
    }
}

#[async_trait]
impl<P, H, G> Middleware for RetryMiddleware<P, H, G>
where
    P: PolicySource + Send + Sync + 'static,
    H: PerRequest<Request, Tried, Hooks: Send> + Send + Sync + 'static,
    G: GuardsPerRequest<Request, P::Breakers, P::Budgets, Breakers: Send, Budgets: Send>
        + Send
        + Sync
        + 'static,
    GuardsOfRequest<P, G, Request>:
        Guarding<Rejection: Rejects<Tried> + Rejection<Kept<Tried>: Send>>,
{
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let policy = extensions.get().copied().unwrap_or_else(|| *self.policy.policy().as_ref());
        let classifier = *extensions.get().unwrap_or(&self.classifier);
        let hooks = self.hooks.hooks(&request);
        let guards = self.guards.add_to(self.policy.guards(), &request);
        let condition = Condition::new(classifier, request.method(), request.headers());
        let given = std::mem::take(extensions);
        let mut sends = Sends::new(request);
        let hooks = Resendable::new(Then(Classified(condition), hooks), sends.spare.is_some());
        let send = || {
            let mut extensions = given.clone();
            let request = sends.next(&mut extensions);
            let next = next.clone();
            async move {
                let Some(request) = request else { return pending().await };
                let result = next.run(request, &mut extensions).await;
                Tried { result, extensions: Some(extensions) }
            }
        };
        let tried =
            Call::by(policy, guards, send, hooks, Async::new(DefaultSleeper::default())).await;
        *extensions = tried.extensions.unwrap_or(given);
        tried.result
    }
}

/// One request, as often as it is sent.
struct Sends {
    first: Option<Request>,
    /// For the try after; none where the request cannot be sent again.
    spare: Option<Request>,
    resends: u64,
}

impl Sends {
    fn new(request: Request) -> Self {
        let spare = request.try_clone();
        Self { first: Some(request), spare, resends: 0 }
    }

    /// The request to be sent now. There is one as long as [`Resendable`] is among the hooks.
    fn next(&mut self, extensions: &mut Extensions) -> Option<Request> {
        if let Some(request) = self.first.take() {
            return Some(request);
        }
        let request = self.spare.take()?;
        self.spare = request.try_clone();
        self.resends = self.resends.saturating_add(1);
        resend::tell(extensions, request.method(), self.resends);
        Some(request)
    }
}

/// The classifier, as a hook.
struct Classified(Condition);

fn answer(tried: &Tried) -> Answer<'_> {
    match &tried.result {
        Ok(response) => Ok((response.status(), response.headers())),
        Err(error) => Err(error.into()),
    }
}

impl Hook<Tried> for Classified {
    const EVENTS: Events = Events::NONE;

    fn judge(&mut self, tried: &Tried, _: Verdict) -> Verdict {
        self.0.judge(answer(tried))
    }

    fn classify(&mut self, tried: &Tried) -> Class {
        self.0.classify(answer(tried))
    }
}
