//! Retries in a stack of reqwest middleware (feature `reqwest`).

use std::future::pending;

use ::http::Extensions;
use async_trait::async_trait;
use rebackoff_core::{Cost, Health, Open, Policy, Verdict};
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};

use super::condition::{self, Answer, Condition};
use super::{Classifier, resend};
use crate::hooks::{Hook, PerRequest, Rejected, Resendable, Then};
use crate::{Async, Call, DefaultSleeper, Retry};

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
/// - **What is sent again** is for the [`Classifier`] to say: by default requests of an idempotent
///   method, or with an `Idempotency-Key`, after 408, 425, 429, 500, 502, 503, 504, a connection
///   error or a timeout (`reqwest::ClientBuilder::timeout` limits each try); and any request that no
///   connection could be made for.
/// - **The request** is cloned for each try, and changed in nothing. One whose body is a stream
///   cannot be cloned and is sent once.
/// - **What comes back** is the response or the error of the last try, untouched. With an open
///   breaker that is an [`Error::Middleware`] that holds an [`Open`].
/// - **A response that is not the last** is dropped before the wait, its body unread: nobody waits
///   for it. The connection is used again if the whole body has come by then; otherwise HTTP/1.1
///   closes it and HTTP/2 resets the stream.
/// - **Extensions:** a [`Policy`] or a [`Classifier`] among those of a request takes the place of
///   the middleware's. Each try gets the extensions that the request came with; what the last try
///   left in them is handed back.
/// - **Middleware that is added before** this one sees one request, middleware that is added after
///   it each try, with [`ResendCount`](super::ResendCount) from the second on.
#[derive(Clone, Copy, Debug)]
pub struct RetryMiddleware<P = Policy, H = ()> {
    policy: P,
    classifier: Classifier,
    hooks: H,
}

impl<P: Retry> RetryMiddleware<P> {
    /// Retries as `policy` says, a [`Policy`] or a [`Guarded`](crate::Guarded) one, with the default
    /// [`Classifier`].
    pub const fn new(policy: P) -> Self {
        Self { policy, classifier: Classifier::new(), hooks: () }
    }
}

impl<P, H> RetryMiddleware<P, H> {
    /// Takes this classifier in place of the default one.
    pub fn classifier(self, classifier: Classifier) -> Self {
        Self { classifier, ..self }
    }

    /// Adds the [`Hook`] that a function makes for each request: a handler, a condition, a guard
    /// for each host.
    ///
    /// ```
    /// use std::num::NonZeroU64;
    /// use std::sync::LazyLock;
    /// use rebackoff::hooks::{Asks, OnBackoff};
    /// use rebackoff::http::{RetryMiddleware, Tried};
    /// use rebackoff::prelude::*;
    /// use rebackoff::Keyed;
    ///
    /// static FETCH: Policy = policy!(expo, max_tries = 3);
    /// static HOSTS: LazyLock<Keyed<String, Breaker>> = LazyLock::new(|| {
    ///     Keyed::new(NonZeroU64::new(1000).unwrap(), |_| breaker!(consecutive = 5))
    /// });
    ///
    /// let middleware = RetryMiddleware::new(FETCH)
    ///     .hooks(|request| Asks::of(HOSTS.get(request.url().host_str().unwrap_or_default())))
    ///     .hooks(|request| {
    ///         let url = request.url().clone();
    ///         OnBackoff(move |event: &Event<'_, Tried>| eprintln!("{url}: {:?}", event.wait))
    ///     });
    /// ```
    pub fn hooks<F, A>(self, hooks: F) -> RetryMiddleware<P, Then<H, F>>
    where
        F: Fn(&Request) -> A,
        A: Hook<Tried>,
    {
        let Self { policy, classifier, hooks: before } = self;
        RetryMiddleware { policy, classifier, hooks: Then(before, hooks) }
    }
}

/// What came of one try: the outcome that hooks look at.
#[derive(Debug)]
#[non_exhaustive]
pub struct Tried {
    /// The response, or why there is none.
    pub result: Result<Response>,
    /// What the middleware around this try left.
    extensions: Option<Extensions>,
}

impl Rejected for Tried {
    fn rejected(open: Open) -> Self {
        Self { result: Err(Error::middleware(open)), extensions: None }
    }
}

#[async_trait]
impl<P, H> Middleware for RetryMiddleware<P, H>
where
    P: Retry + Send + Sync + 'static,
    P::Hooks<Tried>: Hook<Tried> + Send,
    H: PerRequest<Request, Tried> + Send + Sync + 'static,
    H::Hooks: Send,
{
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let policy = *extensions.get().unwrap_or(self.policy.plain());
        let classifier = *extensions.get().unwrap_or(&self.classifier);
        let hooks = self.hooks.hooks(&request);
        let condition = Condition::new(classifier, request.method(), request.headers());
        let given = std::mem::take(extensions);
        let mut sends = Sends::new(request);
        let resendable = Resendable::new(sends.spare.is_some());
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
        let judges = Then(Classified(condition), self.policy.hooks());
        let call = Call::new(&policy, send, judges, Async(DefaultSleeper::default()));
        let tried = call.hook(hooks).hook(resendable).await;
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

    /// The request to be sent now. There is one as long as [`Resendable`] is asked.
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
    const TIMED: bool = true;

    fn judge(&mut self, tried: &Tried, _: Verdict) -> Verdict {
        self.0.judge(answer(tried))
    }

    fn usual_health(&mut self, tried: &Tried) -> Option<Health> {
        self.0.health(answer(tried))
    }

    fn usual_cost(&mut self, tried: &Tried) -> Option<Cost> {
        condition::cost(answer(tried))
    }
}
