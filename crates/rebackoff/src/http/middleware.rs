//! Retries in a stack of reqwest middleware (feature `reqwest`).

use std::future::pending;
use std::time::Duration;

use ::http::Extensions;
use async_trait::async_trait;
use rebackoff_core::{Breaker, Budget, Events, Open, Policy, Verdict};
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};

use super::condition::{Condition, HeadOrFailure};
use super::redirects::Observing;
use super::{Classifier, Failure, resend};
use crate::AsyncSleeper;
use crate::call::Call;
use crate::guards::{
    BreakerFor, BudgetFor, Guarding, GuardsOfRequest, GuardsPerRequest, Handle, Rejected,
    Rejection, Rejects,
};
use crate::hooks::{Class, Hook, JudgeBy, PerRequest, Resendable, Then};
use crate::late::{EndsLate, Late, LateBy, TimedOut, ended_by_deadline};
use crate::mode::Async;
use crate::resend::{Repeat, Resender, Rules};
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
///   (`reqwest::ClientBuilder::timeout` limits each try). It retries every request that is known to be
///   unsent: the server refused its stream (HTTP/2), or closed the connection before its first byte. A
///   request for which no connection could be made is one where
///   [`redirects_observed`](Self::redirects_observed) is set.
/// - **Redirects:** the error of a client does not tell whether a redirect was followed before. Give a client
///   that sends POST requests [`observed_redirects`](super::observed_redirects), or no redirects: else a POST
///   that had its effect, and whose redirect leads to a server that refuses the stream, is sent again.
/// - **The body of the response** is not part of a try: the middleware retries until the head is there. To
///   retry a body that breaks off, read it inside a call of your own, as [`Classifier::judge_error`] shows.
/// - **`max_time`**, and the deadline of an enclosing call, end a try that has no answer: the error is an
///   [`Error::Middleware`] that holds a [`TimedOut`], or the one that [`late`](Self::late) makes. No retry
///   begins that would begin at the deadline (`last_wait = Stop`).
/// - **Retries of reqwest:** a client sends a request up to three times in each try where the server refuses
///   its HTTP/2 stream, unless its builder has `.retry(reqwest::retry::never())`. Hooks count such a try once.
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
/// - **Not on wasm32:** `fetch` hands out futures that are not `Send`, and no causes of its errors.
///
#[derive(Clone, Copy, Debug)]
pub struct RetryMiddleware<
    P = Policy,
    H = (),
    G = (),
    R = TryCloned,
    S = DefaultSleeper,
    L = LateIsTimedOut,
> {
    rules: Rules<P, H, G, R, S, L>,
    classifier: Classifier,
    redirects_observed: bool,
}

impl<P: PolicySource> RetryMiddleware<P> {
    /// Retries as `policy` says, with the default [`Classifier`]. The middleware owns its policy: a
    /// [`Policy`], a [`Guarded`](crate::Guarded) one, an `Arc`, or a reference to a `static`.
    pub fn new(policy: P) -> Self {
        Self {
            rules: Rules {
                policy,
                hooks: (),
                guards: (),
                repeat: TryCloned,
                sleeper: DefaultSleeper::default(),
                late: LateIsTimedOut,
            },
            classifier: Classifier::new(),
            redirects_observed: false,
        }
    }
}

impl<P, H, G, R, S, L> RetryMiddleware<P, H, G, R, S, L> {
    /// Takes this classifier in place of the default one.
    pub fn classifier(self, classifier: Classifier) -> Self {
        Self { classifier, ..self }
    }

    /// Retries a request for which no connection could be made, whatever its method, unless a redirect was
    /// followed before.
    ///
    /// The client must follow redirects by [`observed_redirects`](super::observed_redirects), or none:
    /// with another redirect policy, a request that had its effect before it was redirected may be sent again.
    pub fn redirects_observed(self) -> Self {
        Self { redirects_observed: true, ..self }
    }

    /// Takes the verdict on each try from a function, which overrides the classifier and the hooks before
    /// it.
    pub fn judge<F>(self, judge: F) -> RetryMiddleware<P, Then<H, JudgeBy<F>>, G, R, S, L>
    where
        F: Fn(&Tried) -> Verdict + Clone,
    {
        self.with(|rules| rules.map_hooks(|hooks| Then(hooks, JudgeBy(judge))))
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
    pub fn hooks<F, A>(self, hooks: F) -> RetryMiddleware<P, Then<H, F>, G, R, S, L>
    where
        F: Fn(&Request) -> A,
        A: Hook<Tried>,
    {
        self.with(|rules| rules.map_hooks(|before| Then(before, hooks)))
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
    pub fn breaker_for<F, A>(self, breaker: F) -> RetryMiddleware<P, H, BreakerFor<G, F>, R, S, L>
    where
        F: Fn(&Request) -> A,
        A: Handle<Breaker>,
    {
        self.with(|rules| rules.map_guards(|guards| BreakerFor(guards, breaker)))
    }

    /// Pays for retries out of the budget that a function of the request returns, after those of the
    /// policy.
    pub fn budget_for<F, A>(self, budget: F) -> RetryMiddleware<P, H, BudgetFor<G, F>, R, S, L>
    where
        F: Fn(&Request) -> A,
        A: Handle<Budget>,
    {
        self.with(|rules| rules.map_guards(|guards| BudgetFor(guards, budget)))
    }

    /// Makes another request like an earlier one with a function, in place of [`Request::try_clone`]. A
    /// request for which the function returns `None` is sent once.
    pub fn repeat<F>(self, repeat: F) -> RetryMiddleware<P, H, G, F, S, L>
    where
        F: Fn(&Request) -> Option<Request>,
    {
        self.with(|rules| rules.repeat(repeat))
    }

    /// Waits with `sleeper` in place of the default one, and reads its clock.
    pub fn sleeper<T>(self, sleeper: T) -> RetryMiddleware<P, H, G, R, T, L> {
        self.with(|rules| rules.sleeper(sleeper))
    }

    /// Ends a try that has no answer at the deadline with the error that a function of the try's time makes,
    /// in place of an [`Error::Middleware`] that holds a [`TimedOut`]. For budgets and breakers that try is a
    /// [`Failure::Timeout`].
    ///
    /// ```
    /// use rebackoff::http::RetryMiddleware;
    /// use rebackoff::prelude::*;
    /// use reqwest_middleware::Error;
    ///
    /// static FETCH: Policy = policy!(expo, max_time = secs(60));
    ///
    /// let middleware = RetryMiddleware::new(FETCH)
    ///     .late(|limit| Error::middleware(std::io::Error::other(format!("no answer in {limit:?}"))));
    /// # let _: &dyn reqwest_middleware::Middleware = &middleware;
    /// ```
    pub fn late<F>(self, error: F) -> RetryMiddleware<P, H, G, R, S, LateBy<F>>
    where
        F: Fn(Duration) -> Error,
    {
        self.with(|rules| rules.late(LateBy(error)))
    }

    fn with<A, B, C, D, E>(
        self,
        change: impl FnOnce(Rules<P, H, G, R, S, L>) -> Rules<P, A, B, C, D, E>,
    ) -> RetryMiddleware<P, A, B, C, D, E> {
        let Self { classifier, redirects_observed, rules } = self;
        RetryMiddleware { classifier, redirects_observed, rules: change(rules) }
    }
}

/// Clones requests whose bodies are no streams.
#[derive(Clone, Copy, Debug)]
pub struct TryCloned;

impl Repeat<Request> for TryCloned {
    fn repeat(&self, request: &Request) -> Option<Request> {
        request.try_clone()
    }
}

/// The outcome of one try, as hooks see it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Tried {
    /// The response, or the error in its place.
    pub result: Result<Response>,
    redirects: Redirects,
    /// The deadline has ended the try, with an error that may be of any type.
    is_late: bool,
    /// The extensions that the middleware around this try left.
    extensions: Option<Extensions>,
}

/// The redirects that were followed in one try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Redirects {
    Unknown,
    None,
    Followed,
}

impl Tried {
    const fn failed(error: Error) -> Self {
        Self { result: Err(error), redirects: Redirects::Unknown, is_late: false, extensions: None }
    }

    fn answer(&self) -> HeadOrFailure<'_> {
        match &self.result {
            Ok(response) => Ok((response.status(), response.headers())),
            Err(error) => Err(self.failure(error)),
        }
    }

    /// The failure of `error`, with the redirects before it: a redirect is an answer to the request, and
    /// may be the end of its effect.
    fn failure(&self, error: &Error) -> Failure {
        if self.is_late {
            return Failure::Timeout;
        }
        match (Failure::from(error), self.redirects) {
            (Failure::Unsent, Redirects::Followed) => Failure::Connection,
            (Failure::Connection | Failure::Timeout, Redirects::None) if error.is_connect() => {
                Failure::Unsent
            }
            (failure, _) => failure,
        }
    }
}

impl Rejected for Tried {
    fn rejected(open: Open) -> Self {
        Self::failed(Error::middleware(open))
    }

    fn is_rejection(&self) -> bool {
        matches!(&self.result, Err(Error::Middleware(error)) if error.is::<Open>())
    }
}

/// The error, or the status of a response.
#[cfg(feature = "tracing")]
impl crate::engine::Traced for Tried {
    fn error(&self) -> Option<impl std::fmt::Display> {
        Some(match &self.result {
            Ok(response) => response.status().to_string(),
            Err(error) => error.to_string(),
        })
    }
}

/// Ends a try at the deadline with [`TimedOut`].
#[derive(Clone, Copy, Debug)]
pub struct LateIsTimedOut;

impl Late<Tried> for LateIsTimedOut {
    fn outcome(&self, limit: Duration) -> Option<Tried> {
        Some(Tried { is_late: true, ..Tried::failed(Error::middleware(TimedOut { limit })) })
    }
}

impl<F: Fn(Duration) -> Error> Late<Tried> for LateBy<F> {
    fn outcome(&self, limit: Duration) -> Option<Tried> {
        Some(Tried { is_late: true, ..Tried::failed((self.0)(limit)) })
    }
}

#[async_trait]
impl<P, H, G, R, S, L> Middleware for RetryMiddleware<P, H, G, R, S, L>
where
    P: PolicySource + Send + Sync + 'static,
    H: PerRequest<Request, Tried, Hooks: Send> + Send + Sync + 'static,
    G: GuardsPerRequest<Request, P::Breakers, P::Budgets, Breakers: Send, Budgets: Send>
        + Send
        + Sync
        + 'static,
    GuardsOfRequest<P, G, Request>:
        Guarding<Rejection: Rejects<Tried> + Rejection<Kept<Tried>: Send>>,
    R: Repeat<Request> + Clone + Send + Sync + 'static,
    S: AsyncSleeper<Sleep: Send> + Clone + Send + Sync + 'static,
    L: Late<Tried> + Clone + Send + Sync + 'static,
{
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let Rules { policy, hooks, guards, repeat, sleeper, late } = &self.rules;
        let guards = guards.add_to(policy.guards(), &request);
        let policy = extensions.get().copied().unwrap_or_else(|| *policy.policy().as_ref());
        let classifier = *extensions.get().unwrap_or(&self.classifier);
        let hooks = hooks.hooks(&request);
        let condition = Condition::new(classifier, request.method(), request.headers());
        let given = std::mem::take(extensions);
        let mut requests = Resender::new(request, repeat.clone());
        let hooks = Resendable::new(Then(Classified(condition), hooks), requests.may_resend());
        let redirects_observed = self.redirects_observed;
        let send = || {
            let mut extensions = given.clone();
            let request = requests.first().or_else(|| {
                let (request, resends) = requests.next()?;
                resend::mark(&mut extensions, request.method(), resends);
                Some(request)
            });
            let next = next.clone();
            async move {
                let Some(request) = request else { return pending().await };
                let (result, followed) = Observing::new(next.run(request, &mut extensions)).await;
                let redirects = match followed {
                    true => Redirects::Followed,
                    false if redirects_observed => Redirects::None,
                    false => Redirects::Unknown,
                };
                Tried { result, redirects, is_late: false, extensions: Some(extensions) }
            }
        };
        let send = EndsLate::new(send, late.clone(), sleeper.clone());
        let mode = Async::new(sleeper.clone());
        let tried = Call::by(ended_by_deadline(&policy), guards, send, hooks, mode).await;
        *extensions = tried.extensions.unwrap_or(given);
        tried.result
    }
}

/// The classifier, as a hook.
struct Classified(Condition);

impl Hook<Tried> for Classified {
    const EVENTS: Events = Events::NONE;

    fn judge(&mut self, tried: &Tried, _: Verdict) -> Verdict {
        self.0.judge(tried.answer())
    }

    fn classify(&mut self, tried: &Tried) -> Class {
        self.0.classify(tried.answer())
    }
}
