//! Clocks and sleepers: the clock belongs to the sleeper, so that virtual time is whole.

use std::future::Future;
use std::time::Duration;

use crate::Timeline;

/// A monotonic clock.
pub trait Clock {
    /// A moment of this clock.
    type Instant: Copy;

    /// The present moment.
    fn now(&self) -> Self::Instant;

    /// The time since `earlier`, zero if the clock has run backwards.
    fn elapsed(&self, earlier: Self::Instant) -> Duration;

    /// The clock for what outlives a call: inherited deadlines, budgets, breakers. Default
    /// [`Timeline::System`].
    #[inline]
    fn timeline(&self) -> Timeline {
        Timeline::System
    }
}

/// Waits by blocking the thread.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot block to wait",
    note = "blocking calls wait with `ThreadSleeper`, or with what `.sleeper(…)` is given"
)]
pub trait Sleeper: Clock {
    /// Blocks for `wait`, which is above zero.
    fn sleep(&self, wait: Duration);
}

/// Waits by giving a future.
#[diagnostic::on_unimplemented(
    message = "there is no timer for async waits",
    label = "needs a runtime's timer",
    note = "enable the feature `tokio` or `smol` of `rebackoff`, or give a timer with `.sleeper(…)`"
)]
pub trait AsyncSleeper: Clock {
    /// The future of one wait.
    type Sleep: Future<Output = ()>;

    /// A future that is ready after `wait`, which is above zero.
    fn sleep(&self, wait: Duration) -> Self::Sleep;
}

/// A blocking call: its waits block the thread, with the sleeper `S`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Blocking<S>(pub(crate) S);

/// An async call: its waits are futures, of the sleeper `S`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Async<S>(pub(crate) S);

/// Blocking or async, and what waits.
pub trait Mode {
    /// What waits, and tells the time.
    type Clock: Clock;

    /// The same mode with another sleeper.
    type With<S>;

    /// What waits, and tells the time.
    fn into_clock(self) -> Self::Clock;

    /// The same mode with `sleeper`.
    fn with<S>(sleeper: S) -> Self::With<S>;
}

impl<S: Clock> Mode for Blocking<S> {
    type Clock = S;
    type With<T> = Blocking<T>;

    #[inline]
    fn into_clock(self) -> S {
        self.0
    }

    #[inline]
    fn with<T>(sleeper: T) -> Blocking<T> {
        Blocking(sleeper)
    }
}

impl<S: Clock> Mode for Async<S> {
    type Clock = S;
    type With<T> = Async<T>;

    #[inline]
    fn into_clock(self) -> S {
        self.0
    }

    #[inline]
    fn with<T>(sleeper: T) -> Async<T> {
        Async(sleeper)
    }
}
