//! The wait strategies, which produce the raw waits.

mod constant;
mod decay;
mod decorrelated;
mod expo;
mod fibo;
mod linear;
mod list;
mod runtime;

pub use constant::{Constant, constant};
pub use decay::{Decay, decay};
pub use decorrelated::{Decorrelated, decorrelated};
pub(crate) use expo::power;
pub use expo::{Expo, expo};
pub use fibo::{Fibo, fibo};
pub use linear::{Linear, linear};
pub use list::{List, list};
pub use runtime::{Runtime, runtime};

use crate::error::PolicyError;
use crate::{Draws, Position, Seconds};

/// A wait strategy: the raw wait before each retry, as plain data.
///
/// Strategies are made by the functions of the same names ([`expo`], [`fibo`], …). The formulas
/// count retries: n = 0 for the first.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Wait {
    /// One wait each time.
    Constant(Constant),
    /// The waits of a list, which ends.
    List(List),
    /// A wait that grows by the same step.
    Linear(Linear),
    /// A wait that grows by the same factor.
    Expo(Expo),
    /// The Fibonacci numbers.
    Fibo(Fibo),
    /// A wait that shrinks exponentially.
    Decay(Decay),
    /// A random walk between a base and a cap, its own jitter.
    Decorrelated(Decorrelated),
    /// The caller's function of the outcome.
    Runtime(Runtime),
}

impl Wait {
    /// The word for the strategy in configuration, logs and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Constant(_) | Self::List(_) => "constant",
            Self::Linear(_) => "linear",
            Self::Expo(_) => "expo",
            Self::Fibo(_) => "fibo",
            Self::Decay(_) => "decay",
            Self::Decorrelated(_) => "decorrelated",
            Self::Runtime(_) => "runtime",
        }
    }

    /// The longest wait that the strategy may give; [`Seconds::MAX`] where it has no cap.
    pub const fn cap(&self) -> Seconds {
        match self {
            Self::Linear(Linear { max_value, .. })
            | Self::Expo(Expo { max_value, .. })
            | Self::Fibo(Fibo { max_value })
            | Self::Decorrelated(Decorrelated { max_value, .. }) => *max_value,
            Self::Constant(_) | Self::List(_) | Self::Decay(_) | Self::Runtime(_) => Seconds::MAX,
        }
    }

    /// The raw wait before retry `n`, or the longest possible one where it is drawn by chance;
    /// `None` when the strategy has ended, or when only the caller's function knows.
    pub fn raw(&self, n: u64) -> Option<Seconds> {
        match self {
            Self::Constant(constant) => Some(constant.interval),
            Self::List(list) => list.raw(n),
            Self::Linear(linear) => Some(linear.raw(n)),
            Self::Expo(expo) => Some(expo.raw(n)),
            Self::Fibo(fibo) => Some(fibo.raw(n)),
            Self::Decay(decay) => Some(decay.raw(n)),
            Self::Decorrelated(decorrelated) => Some(decorrelated.longest(n)),
            Self::Runtime(_) => None,
        }
    }

    /// Returns `position` in the schedule of this strategy, after waits of another one.
    ///
    /// A strategy that draws its waits goes on from the last raw wait, whichever strategy gave it.
    ///
    /// ```
    /// use rebackoff_core::{Position, Seconds, linear};
    ///
    /// let second = Seconds::new(1.0).unwrap();
    /// let position = Position { n: 2, previous: second };
    /// assert_eq!(linear().wait().take_over(position).previous, Seconds::new(2.0).unwrap());
    /// ```
    #[must_use]
    pub fn take_over(&self, position: Position) -> Position {
        match (self, position.n.checked_sub(1)) {
            (Self::Decorrelated(_), _) | (_, None) => position,
            (_, Some(last)) => {
                Position { previous: self.raw(last).unwrap_or(position.previous), ..position }
            }
        }
    }

    /// Returns the raw wait at `position`, or `None` where the strategy ends.
    #[inline]
    pub fn next(&self, position: Position, draws: &mut impl Draws) -> Option<Seconds> {
        match self {
            Self::Expo(expo) => Some(expo.after(position.n, position.previous)),
            other => other.next_of_others(position, draws),
        }
    }

    /// Apart, so that the most common strategy stays short where it is inlined.
    #[inline(never)]
    fn next_of_others(&self, position: Position, draws: &mut impl Draws) -> Option<Seconds> {
        match self {
            Self::Decorrelated(decorrelated) => {
                Some(decorrelated.after(position.n, position.previous, draws))
            }
            other => other.raw(position.n),
        }
    }

    pub(crate) const fn check(&self) -> Result<(), PolicyError> {
        match self {
            Self::Constant(_) | Self::Runtime(_) => Ok(()),
            Self::List(list) => list.check(),
            Self::Linear(linear) => linear.check(),
            Self::Expo(expo) => expo.check(),
            Self::Fibo(fibo) => fibo.check(),
            Self::Decay(decay) => decay.check(),
            Self::Decorrelated(decorrelated) => decorrelated.check(),
        }
    }
}

macro_rules! strategies {
    ($($strategy:ident)*) => {$(
        impl $strategy {
            /// The strategy as the [`Wait`] of a policy.
            pub const fn wait(self) -> Wait {
                Wait::$strategy(self)
            }
        }

        impl From<$strategy> for Wait {
            fn from(strategy: $strategy) -> Self {
                strategy.wait()
            }
        }
    )*};
}
strategies!(Constant List Linear Expo Fibo Decay Decorrelated Runtime);
