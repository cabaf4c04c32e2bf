//! Clocks and sleepers: the clock belongs to the sleeper, so that virtual time is whole.

use std::future::Future;
use std::time::Duration;

use crate::timeline::Timeline;

/// A monotonic clock. `max_time`, timeouts, inherited deadlines, budgets and breakers go by it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no sleeper",
    note = "a sleeper implements `Clock`, and `Sleeper` or `AsyncSleeper`; `sleep_fn` makes one of a \
            function"
)]
pub trait Clock {
    /// The clock to read. Default [`Timeline::System`]; a clock of the caller's own is a
    /// [`Timeline::Function`].
    #[inline]
    fn timeline(&self) -> Timeline {
        Timeline::System
    }

    /// The present moment of that clock, as the methods of budgets and breakers take it.
    #[inline]
    fn now(&self) -> Duration {
        self.timeline().now()
    }
}

/// Waits by blocking the thread.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot block to wait",
    note = "blocking calls wait with `ThreadSleeper`, except on wasm32-unknown-unknown, or with the argument of \
            `.sleeper(…)`"
)]
pub trait Sleeper: Clock {
    /// Blocks for `wait`, which is above zero.
    fn sleep(&self, wait: Duration);
}

/// Waits by giving a future.
#[diagnostic::on_unimplemented(
    message = "there is no timer for async waits",
    label = "needs a runtime's timer",
    note = "enable the feature `tokio` or `smol` of `rebackoff`, on wasm32-unknown-unknown `browser`, or give a \
            timer with `.sleeper(…)`"
)]
pub trait AsyncSleeper: Clock {
    /// The future of one wait.
    type Sleep: Future<Output = ()>;

    /// A future that is ready after `wait`, which is above zero.
    fn sleep(&self, wait: Duration) -> Self::Sleep;
}

#[diagnostic::do_not_recommend]
impl<S: Clock + ?Sized> Clock for &S {
    #[inline]
    fn timeline(&self) -> Timeline {
        (**self).timeline()
    }
}

#[diagnostic::do_not_recommend]
impl<S: Sleeper + ?Sized> Sleeper for &S {
    #[inline]
    fn sleep(&self, wait: Duration) {
        (**self).sleep(wait);
    }
}

#[diagnostic::do_not_recommend]
impl<S: AsyncSleeper + ?Sized> AsyncSleeper for &S {
    type Sleep = S::Sleep;

    #[inline]
    fn sleep(&self, wait: Duration) -> S::Sleep {
        (**self).sleep(wait)
    }
}
