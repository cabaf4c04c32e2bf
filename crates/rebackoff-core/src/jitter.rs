//! Jitter.

use core::fmt;
use core::time::Duration;

use crate::{Draws, Seconds};

/// The spread of a raw wait w, so that clients that failed together do not retry together.
///
/// U(a, b) is a uniform draw from a up to b. Default: [`Full`](Jitter::Full). Full and equal
/// jitter are from [Exponential Backoff And Jitter][aws], AWS Architecture Blog, 2015.
///
/// ```
/// use rebackoff_core::{Jitter, Policy, Seconds, constant};
///
/// let waits = [Jitter::Full, Jitter::Equal, Jitter::Random, Jitter::None].map(|jitter| {
///     let policy = Policy::new(constant()).jitter(jitter).build().unwrap();
///     policy.spread(Seconds::new(8.0).unwrap(), &mut || 0.5).get()
/// });
/// assert_eq!(waits, [4.0, 6.0, 8.5, 8.0]);
/// ```
///
/// [aws]: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Jitter {
    /// U(0, w): spreads load best.
    #[default]
    Full,
    /// w/2 + U(0, w/2): never waits less than half.
    Equal,
    /// w + U(0, 1 s). At a cap, the draw takes the last second below it, so that the waits keep
    /// their spread.
    Random,
    /// w itself.
    None,
}

const RANDOM_SPREAD: Seconds = Seconds::from_duration(Duration::from_secs(1));

impl Jitter {
    /// The name in configuration, logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Equal => "equal",
            Self::Random => "random",
            Self::None => "none",
        }
    }

    /// The longest wait that jitter can make of the raw wait `raw`, under `cap`.
    pub fn longest(self, raw: Seconds, cap: Seconds) -> Seconds {
        match self {
            Self::Full | Self::Equal | Self::None => raw,
            Self::Random => raw.saturating_add(RANDOM_SPREAD).min(cap),
        }
    }

    /// Spreads the raw wait `raw`; the result is at most `cap`, if `raw` is.
    #[inline]
    pub(crate) fn spread(
        self,
        raw: Seconds,
        cap: impl FnOnce() -> Seconds,
        draws: &mut impl Draws,
    ) -> Seconds {
        match self {
            Self::Full => raw.share(draws.uniform()),
            Self::None => raw,
            other => other.spread_upward(raw, cap(), draws),
        }
    }

    /// Draws above a floor, so that the wait is never short.
    #[cold]
    #[inline(never)]
    fn spread_upward(self, raw: Seconds, cap: Seconds, draws: &mut impl Draws) -> Seconds {
        let (floor, width) = if self == Self::Equal {
            (raw.get() / 2.0, raw.get() / 2.0)
        } else {
            let width = RANDOM_SPREAD.min(cap);
            (raw.min(cap.saturating_sub(width)).get(), width.get())
        };
        Seconds::capped(floor + width * draws.uniform(), cap)
    }
}

impl fmt::Display for Jitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
