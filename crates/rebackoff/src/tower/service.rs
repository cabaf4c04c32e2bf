//! The service, and the future of one request.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::layer::Rules;
use super::sends::{Sends, Try};
use super::{Cloned, Errors, Repeat};
use crate::hooks::{PerRequest, Resendable, Then};
use crate::{Async, AsyncSleeper, Call, DefaultSleeper, RetryFuture};

/// A service that sends requests again; made by [`RetryLayer`](super::RetryLayer).
#[derive(Clone, Copy, Debug)]
pub struct RetryService<'p, Svc, H = Errors, R = Cloned, S = DefaultSleeper> {
    inner: Svc,
    rules: Rules<'p, H, R, S>,
}

impl<'p, Svc, H, R, S> RetryService<'p, Svc, H, R, S> {
    pub(super) const fn new(inner: Svc, rules: Rules<'p, H, R, S>) -> Self {
        Self { inner, rules }
    }

    /// The service inside.
    pub const fn get_ref(&self) -> &Svc {
        &self.inner
    }
}

impl<'p, Svc, Req, H, R, S> Service<Req> for RetryService<'p, Svc, H, R, S>
where
    Svc: Service<Req> + Clone,
    H: PerRequest<Req, Result<Svc::Response, Svc::Error>> + Clone,
    R: Repeat<Req> + Clone,
    S: AsyncSleeper + Clone,
{
    type Response = Svc::Response;
    type Error = Svc::Error;
    type Future = ResponseFuture<'p, Svc, Req, H, R, S>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Svc::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let clone = self.inner.clone();
        let ready = std::mem::replace(&mut self.inner, clone);
        let Rules { policy, hooks, repeat, sleeper } = self.rules.clone();
        let of_call = hooks.hooks(&request);
        let sends = Sends::new(ready, request, hooks, repeat);
        let resendable = Resendable::new(sends.may_resend());
        let call = Call::new(policy, sends, of_call, Async(sleeper)).hook(resendable);
        ResponseFuture { call: call.into_future() }
    }
}

type Hooks<Svc, Req, H> = Then<<H as PerRequest<Req, Outcome<Svc, Req>>>::Hooks, Resendable>;
type Outcome<Svc, Req> = Result<<Svc as Service<Req>>::Response, <Svc as Service<Req>>::Error>;

pin_project! {
    /// The future of a request that is sent again where need be: dropping it cancels the request, in
    /// a try or in a wait. Nothing is sent before the first poll.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<'p, Svc, Req, H, R, S>
    where
        Svc: Service<Req>,
        H: PerRequest<Req, Outcome<Svc, Req>>,
        S: AsyncSleeper,
    {
        #[pin]
        call: RetryFuture<'p, Sends<Svc, Req, H, R>, Hooks<Svc, Req, H>, S, Try<Svc, Req>>,
    }
}

impl<Svc, Req, H, R, S> Future for ResponseFuture<'_, Svc, Req, H, R, S>
where
    Svc: Service<Req> + Clone,
    H: PerRequest<Req, Outcome<Svc, Req>>,
    R: Repeat<Req>,
    S: AsyncSleeper,
{
    type Output = Outcome<Svc, Req>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().call.poll(context)
    }
}

impl<Svc, Req, H, R, S> fmt::Debug for ResponseFuture<'_, Svc, Req, H, R, S>
where
    Svc: Service<Req>,
    H: PerRequest<Req, Outcome<Svc, Req>>,
    S: AsyncSleeper,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ResponseFuture").field(&self.call).finish()
    }
}
