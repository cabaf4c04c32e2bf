//! Blocking or async: the sleeper of a call, and the signal that cancels it.

use crate::Clock;
use crate::signal::NoSignal;

/// A blocking call: its waits block the thread, with the sleeper `S`, until the signal `C` comes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Blocking<S, C = NoSignal> {
    pub(crate) sleeper: S,
    pub(crate) signal: C,
}

/// An async call: its waits are futures of the sleeper `S`, until the signal `C` comes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Async<S, C = NoSignal> {
    pub(crate) sleeper: S,
    pub(crate) signal: C,
}

/// [`Blocking`] or [`Async`].
pub trait Mode {
    /// The sleeper, whose clock the call reads.
    type Sleeper: Clock;

    /// The signal that cancels the call.
    type Signal;

    /// This mode with another sleeper.
    type With<S>;

    /// The sleeper and the signal.
    fn into_parts(self) -> (Self::Sleeper, Self::Signal);

    /// This mode with `sleeper`.
    fn with<S>(self, sleeper: S) -> Self::With<S>;
}

macro_rules! modes {
    ($($mode:ident)*) => {$(
        impl<S> $mode<S> {
            pub(crate) const fn new(sleeper: S) -> Self {
                Self { sleeper, signal: NoSignal }
            }
        }

        impl<S: Clock, C> Mode for $mode<S, C> {
            type Sleeper = S;
            type Signal = C;
            type With<T> = $mode<T, C>;

            #[inline]
            fn into_parts(self) -> (S, C) {
                (self.sleeper, self.signal)
            }

            #[inline]
            fn with<T>(self, sleeper: T) -> $mode<T, C> {
                $mode { sleeper, signal: self.signal }
            }
        }
    )*};
}

modes!(Blocking Async);
