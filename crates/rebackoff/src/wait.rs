//! One async wait.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use rebackoff_core::Seconds;

use crate::AsyncSleeper;

pin_project! {
    /// A wait: of zero, it arms no timer but lets other tasks run; else it is the sleeper's.
    #[project = WaitProjection]
    pub(crate) enum Wait<Sleep> {
        Yield,
        Yielded,
        Sleep { #[pin] sleep: Sleep },
    }
}

impl<Sleep> Wait<Sleep> {
    #[inline]
    pub(crate) fn new(sleeper: &impl AsyncSleeper<Sleep = Sleep>, wait: Seconds) -> Self {
        match wait.to_nanos() {
            0 => Self::Yield,
            nanos => Self::Sleep { sleep: sleeper.sleep(Duration::from_nanos(nanos)) },
        }
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
