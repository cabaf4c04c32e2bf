//! Clocks and sleepers: the clock belongs to the sleeper, so that virtual time is whole.

use std::future::Future;
use std::time::Duration;

use crate::timeline::Timeline;

/// A monotonic clock. `max_time`, timeouts, inherited deadlines, budgets and breakers go by it.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
/// use std::time::Duration;
/// use rebackoff::prelude::*;
/// use rebackoff::sleepers::Timeline;
/// use rebackoff::{Clock, Sleeper};
///
/// static MILLIS: AtomicU64 = AtomicU64::new(0);
///
/// struct Simulation;
///
/// impl Clock for Simulation {
///     fn timeline(&self) -> Timeline {
///         Timeline::Function(|| Duration::from_millis(MILLIS.load(Relaxed)))
///     }
/// }
///
/// impl Sleeper for Simulation {
///     fn sleep(&self, wait: Duration) {
///         MILLIS.fetch_add(wait.as_millis() as u64, Relaxed);
///     }
/// }
///
/// static FETCH: Policy = policy!(constant, jitter = Jitter::None, max_time = secs(60));
///
/// let outcome = FETCH.retry(|| Err::<(), _>("down")).sleeper(Simulation).outcome();
/// assert_eq!((outcome.tries, outcome.elapsed), (61, secs(60)));
/// ```
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
