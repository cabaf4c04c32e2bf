//! One request, as often as it is sent.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use crate::Attempt;
use crate::hooks::PerRequest;
use crate::mode::Async;
use crate::resend::{Repeat, Resender};
use crate::target::Target;

/// The target of a call: a request and the service that it goes to.
#[derive(Debug)]
pub(super) struct Sends<Svc, Req, H, R> {
    /// Ready until the first try.
    service: Svc,
    requests: Resender<Req, R>,
    hooks: H,
}

impl<Svc, Req, H, R: Repeat<Req>> Sends<Svc, Req, H, R> {
    pub(super) fn new(service: Svc, request: Req, hooks: H, repeat: R) -> Self {
        Self { service, requests: Resender::new(request, repeat), hooks }
    }

    pub(super) const fn may_resend(&self) -> bool {
        self.requests.may_resend()
    }
}

impl<Svc, Req, H, R, S, C> Target<Async<S, C>> for Sends<Svc, Req, H, R>
where
    Svc: Service<Req> + Clone,
    H: PerRequest<Req, Result<Svc::Response, Svc::Error>>,
    R: Repeat<Req>,
{
    type Outcome = Result<Svc::Response, Svc::Error>;
    type Call = Try<Svc, Req>;

    fn call(&mut self, _: impl FnOnce() -> Attempt) -> Try<Svc, Req> {
        if let Some(request) = self.requests.first() {
            return Try::Called { future: self.service.call(request) };
        }
        let request = self.requests.next().map(|(mut request, resends)| {
            self.hooks.resend(&mut request, resends);
            request
        });
        Try::Waiting { service: self.service.clone(), request }
    }
}

pin_project! {
    /// One try.
    #[project = TryProjection]
    #[must_use = "futures do nothing unless polled"]
    pub(super) enum Try<Svc: Service<Req>, Req> {
        /// A clone of the service is not ready yet. There is a request as long as `Resendable` is
        /// among the hooks.
        Waiting { service: Svc, request: Option<Req> },
        Called { #[pin] future: Svc::Future },
    }
}

impl<Svc: Service<Req>, Req> Future for Try<Svc, Req> {
    type Output = Result<Svc::Response, Svc::Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let TryProjection::Waiting { service, request } = self.as_mut().project() {
            ready!(service.poll_ready(context))?;
            let Some(request) = request.take() else { return Poll::Pending };
            let future = service.call(request);
            self.set(Self::Called { future });
        }
        match self.project() {
            TryProjection::Called { future } => future.poll(context),
            TryProjection::Waiting { .. } => Poll::Pending,
        }
    }
}
