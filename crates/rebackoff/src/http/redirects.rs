//! Redirects that the client follows inside a try.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use reqwest::redirect::Policy as RedirectPolicy;

thread_local! {
    /// A redirect was followed since the future of a try was polled.
    static FOLLOWED: Cell<bool> = const { Cell::new(false) };
}

/// The redirect policy of a client whose redirects a [`RetryMiddleware`](super::RetryMiddleware) sees: follows
/// as `policy` does.
///
/// A request for which no connection could be made was never sent, unless a redirect was followed before. A
/// middleware that sees the redirects ([`redirects_observed`]) retries such a request whatever its method. It
/// never repeats a POST that was redirected to a server that refuses the stream.
///
/// ```
/// # fn client() -> reqwest::Result<()> {
/// use rebackoff::http::{RetryMiddleware, observed_redirects};
/// use rebackoff::prelude::*;
/// use reqwest::redirect;
///
/// static FETCH: Policy = policy!(expo, max_tries = 3);
///
/// let client = reqwest::Client::builder()
///     .redirect(observed_redirects(redirect::Policy::default()))
///     .retry(reqwest::retry::never()) // or each try of the middleware sends up to three requests
///     .build()?;
/// let client = reqwest_middleware::ClientBuilder::new(client)
///     .with(RetryMiddleware::new(FETCH).redirects_observed())
///     .build();
/// # let _ = client;
/// # Ok(())
/// # }
/// ```
///
/// [`redirects_observed`]: super::RetryMiddleware::redirects_observed
pub fn observed_redirects(policy: RedirectPolicy) -> RedirectPolicy {
    RedirectPolicy::custom(move |redirect| {
        FOLLOWED.set(true);
        policy.redirect(redirect)
    })
}

pin_project! {
    /// A try that notes the redirects inside it.
    pub(super) struct Observing<Fut> {
        #[pin]
        future: Fut,
        followed: bool,
    }
}

impl<Fut> Observing<Fut> {
    pub(super) const fn new(future: Fut) -> Self {
        Self { future, followed: false }
    }
}

impl<Fut: Future> Future for Observing<Fut> {
    /// With a true where a redirect was followed.
    type Output = (Fut::Output, bool);

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        FOLLOWED.set(false);
        let polled = this.future.poll(context);
        *this.followed |= FOLLOWED.get();
        polled.map(|output| (output, *this.followed))
    }
}
