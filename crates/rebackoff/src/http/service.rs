//! The tower layer for HTTP (feature `tower`).

use ::http::{Request, Response};
use rebackoff_core::{Events, Verdict};

use super::condition::{Condition, HeadOrFailure};
use super::{Classifier, Failure, resend};
use crate::hooks::{Class, Hook, PerRequest};
use crate::source::PolicySource;
use crate::tower::RetryLayer;

impl<P: PolicySource> RetryLayer<P, HttpRules> {
    /// Sends HTTP requests again, as `policy` and `classifier` say.
    ///
    /// The body of a request has to be `Clone`, or [`repeat`](Self::repeat) makes the request again. A
    /// request that cannot be made again is sent once. A [`Classifier`] in the extensions of a request
    /// overrides this one, and its retries have a [`ResendCount`](super::ResendCount) there. The last
    /// response comes back; earlier ones are dropped before the wait, with their bodies. Every error of the
    /// service is a [`Failure::Connection`], unless [`failures`](Self::failures) overrides that.
    ///
    /// ```
    /// # #[cfg(feature = "tokio")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
    /// use std::convert::Infallible;
    /// use http::{Request, Response};
    /// use rebackoff::http::Classifier;
    /// use rebackoff::prelude::*;
    /// use rebackoff::tower::RetryLayer;
    /// use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
    ///
    /// static FETCH: Policy = policy!(expo(max_value = secs(30)), max_tries = 3);
    ///
    /// let busy = service_fn(|_: Request<()>| async {
    ///     Ok::<_, Infallible>(Response::builder().status(503).body(()).unwrap())
    /// });
    /// let layer = RetryLayer::http(&FETCH, Classifier::new());
    /// let mut service = ServiceBuilder::new().layer(layer).service(busy);
    /// let response = service.ready().await?.call(Request::new(())).await?;
    /// assert_eq!(response.status(), 503); // after three tries
    /// # Ok::<(), Infallible>(())
    /// # }).unwrap();
    /// ```
    pub fn http(policy: P, classifier: Classifier) -> Self {
        Self::with(policy, HttpRules { classifier, failures: ConnectionFailed })
    }
}

impl<P, G, R, S, L> RetryLayer<P, HttpRules, G, R, S, L> {
    /// Takes the kind of failure of a service's error from a function. Call it before the setters that add
    /// hooks.
    pub fn failures<C, E>(self, failures: C) -> RetryLayer<P, HttpRules<C>, G, R, S, L>
    where
        C: Fn(&E) -> Failure,
    {
        self.map_hooks(|HttpRules { classifier, .. }| HttpRules { classifier, failures })
    }
}

/// The rules of a layer for HTTP requests; made by [`RetryLayer::http`].
#[derive(Clone, Copy, Debug)]
pub struct HttpRules<C = ConnectionFailed> {
    classifier: Classifier,
    failures: C,
}

impl<B, T, E, C> PerRequest<Request<B>, Result<Response<T>, E>> for HttpRules<C>
where
    C: Failures<E> + Clone,
{
    type Hooks = HttpHook<C>;

    fn hooks(&self, request: &Request<B>) -> HttpHook<C> {
        let classifier = *request.extensions().get().unwrap_or(&self.classifier);
        let condition = Condition::new(classifier, request.method(), request.headers());
        HttpHook { condition, failures: self.failures.clone() }
    }

    fn resend(&self, request: &mut Request<B>, resends: u64) {
        let method = request.method().clone();
        resend::mark(request.extensions_mut(), &method, resends);
    }
}

/// The classifier, as a hook.
#[derive(Clone, Copy, Debug)]
pub struct HttpHook<C> {
    condition: Condition,
    failures: C,
}

impl<C> HttpHook<C> {
    fn answer<'a, T, E>(&self, result: &'a Result<Response<T>, E>) -> HeadOrFailure<'a>
    where
        C: Failures<E>,
    {
        match result {
            Ok(response) => Ok((response.status(), response.headers())),
            Err(error) => Err(self.failures.of(error)),
        }
    }
}

impl<T, E, C: Failures<E>> Hook<Result<Response<T>, E>> for HttpHook<C> {
    const EVENTS: Events = Events::NONE;

    fn judge(&mut self, result: &Result<Response<T>, E>, _: Verdict) -> Verdict {
        let answer = self.answer(result);
        self.condition.judge(answer)
    }

    fn classify(&mut self, result: &Result<Response<T>, E>) -> Class {
        self.condition.classify(self.answer(result))
    }
}

/// The kind of failure of an error: a function of the error, or [`ConnectionFailed`].
pub trait Failures<E> {
    /// The kind of failure that `error` is.
    fn of(&self, error: &E) -> Failure;
}

impl<E, F: Fn(&E) -> Failure> Failures<E> for F {
    fn of(&self, error: &E) -> Failure {
        self(error)
    }
}

/// Every error is a [`Failure::Connection`].
#[derive(Clone, Copy, Debug)]
pub struct ConnectionFailed;

impl<E> Failures<E> for ConnectionFailed {
    fn of(&self, _: &E) -> Failure {
        Failure::Connection
    }
}
