//! Signals of the caller's own, which cancel a call.

use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::Sleeper;
use crate::kept::{Dropped, Keep, Kept};
use crate::timeline::Timeline;

/// No signal: the call is not cancelled.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSignal;

/// A signal that wakes a blocking call from its wait.
///
/// | signal | comes when |
/// |---|---|
/// | a [`Receiver`], or a reference to one | a message is there, or the last sender is dropped |
/// | a function that waits at most for the given time | it returns true |
///
/// A wait takes the message out of its channel, so that one message ends one call. To end all calls that look at a
/// channel, drop the last sender.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot cancel a blocking call",
    note = "a signal is a `Receiver`, a reference to one, or a function that waits at most for the given time and returns \
            whether the signal came: `|timeout: Duration| …`"
)]
pub trait Signal {
    /// Waits for the signal, at most `timeout`. Returns whether it came.
    fn wait(&mut self, timeout: Duration) -> bool;
}

#[diagnostic::do_not_recommend]
impl<F: FnMut(Duration) -> bool> Signal for F {
    fn wait(&mut self, timeout: Duration) -> bool {
        self(timeout)
    }
}

impl<T> Signal for Receiver<T> {
    fn wait(&mut self, timeout: Duration) -> bool {
        !matches!(self.recv_timeout(timeout), Err(RecvTimeoutError::Timeout))
    }
}

impl<T> Signal for &Receiver<T> {
    fn wait(&mut self, timeout: Duration) -> bool {
        !matches!(self.recv_timeout(timeout), Err(RecvTimeoutError::Timeout))
    }
}

/// The wait of a blocking call, with a signal or without.
pub trait BlockingWait<S> {
    /// The form in which a call keeps the last outcome in a wait: a cancelled call returns it.
    type Kept<O>: Keep<O>;

    /// Waits, and returns whether the signal came.
    fn wait(&mut self, sleeper: &S, wait: Duration) -> bool;
}

impl<S: Sleeper> BlockingWait<S> for NoSignal {
    type Kept<O> = Dropped;

    #[inline]
    fn wait(&mut self, sleeper: &S, wait: Duration) -> bool {
        if !wait.is_zero() {
            sleeper.sleep(wait);
        } else if matches!(sleeper.timeline(), Timeline::System) {
            // No timer, but other threads run.
            std::thread::yield_now();
        }
        false
    }
}

/// A blocking call that a [`Signal`] cancels.
#[derive(Clone, Copy, Debug)]
pub struct WokenBy<C>(pub(crate) C);

impl<S: Sleeper, C: Signal> BlockingWait<S> for WokenBy<C> {
    type Kept<O> = Kept<O>;

    /// On the system's clock the signal wakes the wait. Of another clock only the sleeper knows how
    /// time passes: the signal is looked at after the wait.
    fn wait(&mut self, sleeper: &S, wait: Duration) -> bool {
        let timeline = sleeper.timeline();
        if !matches!(timeline, Timeline::System) {
            if !wait.is_zero() {
                sleeper.sleep(wait);
            }
            return self.0.wait(Duration::ZERO);
        }
        let start = timeline.read();
        let mut left = wait;
        loop {
            if self.0.wait(left) {
                return true;
            }
            // A signal may return early, as condition variables do.
            left = wait.saturating_sub(timeline.read().since(start));
            if left.is_zero() {
                return false;
            }
        }
    }
}

/// The signal of an async call, if it has one.
pub trait AsyncSignal<O> {
    /// The form in which a call keeps the last outcome in a wait: a cancelled call returns it.
    type Kept: Keep<O>;

    /// Polls the signal in a wait.
    fn poll_in_wait(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()>;

    /// Polls the signal in a try; ready with the outcome of a call whose try it ends.
    fn poll_in_try(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<O>;
}

impl<O> AsyncSignal<O> for NoSignal {
    type Kept = Dropped;

    #[inline]
    fn poll_in_wait(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }

    #[inline]
    fn poll_in_try(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<O> {
        Poll::Pending
    }
}

pin_project! {
    /// A future that ends the waits of an async call.
    #[derive(Debug)]
    pub struct EndsWaits<C> {
        #[pin]
        pub(crate) signal: C,
    }
}

impl<O, C: Future<Output = ()>> AsyncSignal<O> for EndsWaits<C> {
    type Kept = Kept<O>;

    fn poll_in_wait(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.project().signal.poll(context)
    }

    fn poll_in_try(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<O> {
        Poll::Pending
    }
}

pin_project! {
    /// A future that ends an async call, in a try and in a wait.
    #[derive(Debug)]
    pub struct EndsCall<C, F> {
        #[pin]
        pub(crate) signal: C,
        pub(crate) outcome: F,
    }
}

impl<O, C: Future<Output = ()>, F: FnMut() -> O> AsyncSignal<O> for EndsCall<C, F> {
    type Kept = Kept<O>;

    fn poll_in_wait(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.project().signal.poll(context)
    }

    fn poll_in_try(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<O> {
        let this = self.project();
        this.signal.poll(context).map(|()| (this.outcome)())
    }
}
