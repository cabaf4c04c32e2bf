//! One request, as often as it is sent.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::Repeat;
use crate::Attempt;
use crate::hooks::PerRequest;
use crate::mode::Async;
use crate::target::Target;

/// The target of a call: a request and the service that it goes to.
#[derive(Debug)]
pub(super) struct Sends<Svc, Req, H, R> {
    /// Ready as long as `first` is there.
    service: Svc,
    first: Option<Req>,
    /// For the try after; none where the request cannot be sent again.
    spare: Option<Req>,
    hooks: H,
    repeat: R,
    resends: u64,
}

impl<Svc, Req, H, R: Repeat<Req>> Sends<Svc, Req, H, R> {
    pub(super) fn new(service: Svc, request: Req, hooks: H, repeat: R) -> Self {
        let spare = repeat.repeat(&request);
        Self { service, first: Some(request), spare, hooks, repeat, resends: 0 }
    }

    pub(super) const fn may_resend(&self) -> bool {
        self.spare.is_some()
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
        if let Some(request) = self.first.take() {
            return Try::Called { future: self.service.call(request) };
        }
        let mut request = self.spare.take();
        if let Some(request) = &mut request {
            self.spare = self.repeat.repeat(request);
            self.resends = self.resends.saturating_add(1);
            self.hooks.resend(request, self.resends);
        }
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
