//! A span for each try.

use std::borrow::Cow;
use std::future::Future;

use tracing::Span;
use tracing::instrument::{Instrument, Instrumented};

use crate::Attempt;
use crate::call::Call;
use crate::mode::{Async, Blocking};
use crate::target::Target;

impl<P, F, H, M, G> Call<P, F, H, M, G> {
    /// Runs each try in a span `try` with the fields `call` and `tries` (feature `tracing`). A try that is
    /// cancelled is dropped in its span.
    ///
    /// ```
    /// use rebackoff::prelude::*;
    ///
    /// static FETCH: Policy = policy!(expo, max_tries = 3);
    ///
    /// let answer = FETCH.retry(|| "7".parse::<u8>()).spans("fetch").call();
    /// assert_eq!(answer, Ok(7));
    /// ```
    pub fn spans(self, call: impl Into<Cow<'static, str>>) -> Call<P, InSpan<F>, H, M, G> {
        self.map_target(|target, _| InSpan { target, call: call.into() })
    }
}

/// A target whose tries run in spans; made by [`Call::spans`].
#[derive(Clone, Debug)]
pub struct InSpan<F> {
    target: F,
    call: Cow<'static, str>,
}

impl<F> InSpan<F> {
    fn span(&self, attempt: &Attempt) -> Span {
        tracing::info_span!(target: "rebackoff", "try", call = &*self.call, tries = attempt.tries)
    }
}

impl<F, S, C> Target<Blocking<S, C>> for InSpan<F>
where
    F: Target<Blocking<S, C>>,
{
    type Outcome = F::Outcome;
    type Call = F::Call;

    fn call(&mut self, attempt: impl FnOnce() -> Attempt) -> F::Call {
        let attempt = attempt();
        self.span(&attempt).in_scope(|| self.target.call(|| attempt))
    }
}

impl<F, S, C> Target<Async<S, C>> for InSpan<F>
where
    F: Target<Async<S, C>>,
    F::Call: Future<Output = F::Outcome>,
{
    type Outcome = F::Outcome;
    type Call = Instrumented<F::Call>;

    fn call(&mut self, attempt: impl FnOnce() -> Attempt) -> Self::Call {
        let attempt = attempt();
        let span = self.span(&attempt);
        span.in_scope(|| self.target.call(|| attempt)).instrument(span)
    }

    fn is_late(call: &Self::Call) -> bool {
        F::is_late(call.inner())
    }
}
