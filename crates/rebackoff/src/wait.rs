//! One async wait.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::AsyncSleeper;

pin_project! {
    /// A wait: of zero, it arms no timer but lets other tasks run; else it is the sleeper's.
    #[project = WaitProjection]
    pub(crate) enum Wait<Sleep> {
        Sleep { #[pin] sleep: Sleep },
        Yield,
        Yielded,
    }
}

impl<Sleep> Wait<Sleep> {
    #[inline]
    pub(crate) fn new(sleeper: &impl AsyncSleeper<Sleep = Sleep>, wait: Duration) -> Self {
        if wait.is_zero() { Self::Yield } else { Self::Sleep { sleep: sleeper.sleep(wait) } }
    }
}

impl<Sleep: Future<Output = ()>> Future for Wait<Sleep> {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match self.as_mut().project() {
            WaitProjection::Sleep { sleep } => sleep.poll(context),
            WaitProjection::Yielded => Poll::Ready(()),
            WaitProjection::Yield => {
                self.set(Self::Yielded);
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}
