//! The service, and the future of one request.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::errors::Errors;
use super::sends::{Sends, Try};
use crate::call::Call;
use crate::future::RetryFuture;
use crate::guards::{Guarding, GuardsOfRequest, GuardsPerRequest, Rejects};
use crate::hooks::{PerRequest, Resendable};
use crate::late::{EndsLate, Late, LateIfBoxed, LateTry, ended_by_deadline};
use crate::mode::Async;
use crate::resend::{Cloned, Repeat, Rules};
use crate::sleepers::DefaultSleeper;
use crate::source::PolicySource;
use crate::{AsyncSleeper, Policy};

/// A service that sends requests again; made by [`RetryLayer`](super::RetryLayer).
#[derive(Clone, Copy, Debug)]
pub struct RetryService<Svc, P, H = Errors, G = (), R = Cloned, S = DefaultSleeper, L = LateIfBoxed>
{
    inner: Svc,
    rules: Rules<P, H, G, R, S, L>,
}

impl<Svc, P, H, G, R, S, L> RetryService<Svc, P, H, G, R, S, L> {
    pub(super) const fn new(inner: Svc, rules: Rules<P, H, G, R, S, L>) -> Self {
        Self { inner, rules }
    }

    /// The service inside.
    pub const fn get_ref(&self) -> &Svc {
        &self.inner
    }
}

impl<Svc, Req, P, H, G, R, S, L> Service<Req> for RetryService<Svc, P, H, G, R, S, L>
where
    Svc: Service<Req> + Clone,
    P: PolicySource,
    H: PerRequest<Req, Served<Svc, Req>> + Clone,
    G: GuardsPerRequest<Req, P::Breakers, P::Budgets>,
    GuardsOfRequest<P, G, Req>: Guarding<Rejection: Rejects<Served<Svc, Req>>>,
    R: Repeat<Req> + Clone,
    S: AsyncSleeper + Clone,
    L: Late<Served<Svc, Req>> + Clone,
{
    type Response = Svc::Response;
    type Error = Svc::Error;
    type Future = ResponseFuture<Svc, Req, P, H, G, R, S, L>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Svc::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let clone = self.inner.clone();
        let ready = std::mem::replace(&mut self.inner, clone);
        let Rules { policy, hooks, guards, repeat, sleeper, late } = &self.rules;
        let guards = guards.add_to(policy.guards(), &request);
        let of_call = hooks.hooks(&request);
        let sends = Sends::new(ready, request, hooks.clone(), repeat.clone());
        let hooks = Resendable::new(of_call, sends.may_resend());
        let policy = ended_by_deadline(policy.policy().as_ref());
        let target = EndsLate::new(sends, late.clone(), sleeper.clone());
        let call = Call::by(policy, guards, target, hooks, Async::new(sleeper.clone()));
        ResponseFuture { call: call.into_future() }
    }
}

type Served<Svc, Req> = Result<<Svc as Service<Req>>::Response, <Svc as Service<Req>>::Error>;
type Hooks<Svc, Req, H> = Resendable<<H as PerRequest<Req, Served<Svc, Req>>>::Hooks>;

pin_project! {
    /// The future of a request that is sent again where need be: dropping it cancels the request, in
    /// a try or in a wait. Nothing is sent before the first poll.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<Svc, Req, P, H, G, R, S, L>
    where
        Svc: Service<Req>,
        P: PolicySource,
        H: PerRequest<Req, Served<Svc, Req>>,
        G: GuardsPerRequest<Req, P::Breakers, P::Budgets>,
        S: AsyncSleeper,
        GuardsOfRequest<P, G, Req>: Guarding,
    {
        #[pin]
        call: RetryFuture<
            Policy,
            EndsLate<Sends<Svc, Req, H, R>, L, S>,
            Hooks<Svc, Req, H>,
            S,
            GuardsOfRequest<P, G, Req>,
            Served<Svc, Req>,
            LateTry<Try<Svc, Req>, L, S::Sleep>,
        >,
    }
}

impl<Svc, Req, P, H, G, R, S, L> Future for ResponseFuture<Svc, Req, P, H, G, R, S, L>
where
    Svc: Service<Req> + Clone,
    P: PolicySource,
    H: PerRequest<Req, Served<Svc, Req>>,
    G: GuardsPerRequest<Req, P::Breakers, P::Budgets>,
    GuardsOfRequest<P, G, Req>: Guarding<Rejection: Rejects<Served<Svc, Req>>>,
    R: Repeat<Req>,
    S: AsyncSleeper,
    L: Late<Served<Svc, Req>> + Clone,
{
    type Output = Served<Svc, Req>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().call.poll(context)
    }
}

impl<Svc, Req, P, H, G, R, S, L> fmt::Debug for ResponseFuture<Svc, Req, P, H, G, R, S, L>
where
    Svc: Service<Req>,
    P: PolicySource,
    H: PerRequest<Req, Served<Svc, Req>>,
    G: GuardsPerRequest<Req, P::Breakers, P::Budgets>,
    S: AsyncSleeper,
    GuardsOfRequest<P, G, Req>: Guarding,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("call", &self.call).finish()
    }
}
