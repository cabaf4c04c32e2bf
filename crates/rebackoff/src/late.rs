//! The end of a request that is still under way at the deadline of its call.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use rebackoff_core::{LastWait, Limits, Policy};

use crate::mode::Async;
use crate::target::Target;
use crate::wait::Wait;
use crate::{AsyncSleeper, Attempt};

/// The error of a request that had no answer at the deadline of its call: `max_time`, or the deadline of an
/// enclosing call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut {
    /// The time that the try had.
    pub limit: Duration,
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no answer in {:?}, when the time of the call was over", self.limit)
    }
}

impl Error for TimedOut {}

/// The policy without a try that would begin at the deadline: that try would end as it begins.
pub(crate) fn ended_by_deadline(policy: &Policy) -> Policy {
    policy.inside(&Limits { last_wait: LastWait::Stop, ..Limits::new() })
}

/// Makes the outcome of a request that is still under way at the deadline.
pub trait Late<O> {
    /// The outcome after `limit`; `None` where there is none, and the request goes on.
    fn outcome(&self, limit: Duration) -> Option<O>;
}

/// Ends a request at the deadline with [`TimedOut`], where the error is a `Box<dyn Error + Send + Sync>`.
/// A request with another error type goes on.
#[derive(Clone, Copy, Debug)]
pub struct LateIfBoxed;

impl<T, E: 'static> Late<Result<T, E>> for LateIfBoxed {
    fn outcome(&self, limit: Duration) -> Option<Result<T, E>> {
        let error: Box<dyn Error + Send + Sync> = Box::new(TimedOut { limit });
        let error: Box<dyn Any> = Box::new(error);
        error.downcast().ok().map(|error| Err(*error))
    }
}

/// Ends a request at the deadline with the error that a function makes.
#[derive(Clone, Copy, Debug)]
pub struct LateBy<F>(pub(crate) F);

impl<T, E, F: Fn(Duration) -> E> Late<Result<T, E>> for LateBy<F> {
    fn outcome(&self, limit: Duration) -> Option<Result<T, E>> {
        Some(Err((self.0)(limit)))
    }
}

/// A target whose tries end at the deadline.
#[derive(Clone, Copy, Debug)]
pub struct EndsLate<F, L, S> {
    target: F,
    late: L,
    sleeper: S,
}

impl<F, L, S> EndsLate<F, L, S> {
    pub(crate) const fn new(target: F, late: L, sleeper: S) -> Self {
        Self { target, late, sleeper }
    }
}

impl<F, L, S, C> Target<Async<S, C>> for EndsLate<F, L, S>
where
    F: Target<Async<S, C>>,
    F::Call: Future<Output = F::Outcome>,
    L: Late<F::Outcome> + Clone,
    S: AsyncSleeper,
{
    type Outcome = F::Outcome;
    type Call = LateTry<F::Call, L, S::Sleep>;

    fn call(&mut self, attempt: impl FnOnce() -> Attempt) -> Self::Call {
        let attempt = attempt();
        let timer = attempt.limit.map(|limit| (limit, Wait::new(&self.sleeper, limit)));
        let (limit, sleep) = timer.unzip();
        LateTry {
            future: self.target.call(|| attempt),
            sleep,
            limit: limit.unwrap_or_default(),
            late: self.late.clone(),
            is_late: false,
        }
    }

    fn is_late(call: &Self::Call) -> bool {
        call.is_late || F::is_late(&call.future)
    }
}

pin_project! {
    /// One try that ends at the deadline.
    #[must_use = "futures do nothing unless polled"]
    pub struct LateTry<Fut, L, Sleep> {
        #[pin]
        future: Fut,
        #[pin]
        sleep: Option<Wait<Sleep>>,
        limit: Duration,
        late: L,
        is_late: bool,
    }
}

impl<Fut, L, Sleep> Future for LateTry<Fut, L, Sleep>
where
    Fut: Future,
    L: Late<Fut::Output>,
    Sleep: Future<Output = ()>,
{
    type Output = Fut::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Fut::Output> {
        let mut this = self.project();
        if let Poll::Ready(outcome) = this.future.poll(context) {
            return Poll::Ready(outcome);
        }
        let Some(sleep) = this.sleep.as_mut().as_pin_mut() else { return Poll::Pending };
        if sleep.poll(context).is_pending() {
            return Poll::Pending;
        }
        this.sleep.set(None);
        let Some(outcome) = this.late.outcome(*this.limit) else { return Poll::Pending };
        *this.is_late = true;
        Poll::Ready(outcome)
    }
}

impl<Fut, L, Sleep> fmt::Debug for LateTry<Fut, L, Sleep> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LateTry").field("limit", &self.limit).finish_non_exhaustive()
    }
}
