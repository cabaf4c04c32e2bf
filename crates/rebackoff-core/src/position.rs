//! A place in a schedule of waits.

use crate::{Draws, Policy, Seconds, Wait};

/// A place in a schedule of waits: the number of the next retry, and the raw wait before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// The number of the next retry, counted from zero: the n of the wait strategies.
    pub n: u64,
    /// The last raw wait, zero before the first. The next raw wait may follow from it.
    pub previous: Seconds,
}

/// A wait before and after jitter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NextWait {
    /// The wait of the strategy, before jitter.
    pub raw: Seconds,
    /// The wait after jitter. Hints and `max_time` may still change it.
    pub jittered: Seconds,
}

impl Position {
    /// The position before the first retry.
    pub const START: Self = Self { n: 0, previous: Seconds::ZERO };

    /// Returns this position in the schedule of `wait`, after waits of another strategy.
    ///
    /// A strategy that draws its waits goes on from the last raw wait, whichever strategy gave it.
    ///
    /// ```
    /// use rebackoff_core::{Position, Seconds, linear};
    ///
    /// let second = Seconds::new(1.0).unwrap();
    /// let position = Position { n: 2, previous: second };
    /// assert_eq!(position.within(&linear().wait()).previous, Seconds::new(2.0).unwrap());
    /// ```
    #[must_use]
    pub fn within(self, wait: &Wait) -> Self {
        match (wait, self.n.checked_sub(1)) {
            (Wait::Decorrelated(_), _) | (_, None) => self,
            (_, Some(last)) => Self { previous: wait.raw(last).unwrap_or(self.previous), ..self },
        }
    }
}

impl NextWait {
    /// A wait of the caller's own, which needs no jitter.
    pub const fn exact(wait: Seconds) -> Self {
        Self { raw: wait, jittered: wait }
    }
}

impl Policy {
    /// Returns the wait at `position` before and after jitter, or `None` where the strategy ends.
    #[inline]
    pub fn next_wait(&self, position: Position, draws: &mut impl Draws) -> Option<NextWait> {
        let raw = self.wait().next(position, draws)?;
        Some(NextWait { raw, jittered: self.spread(raw, draws) })
    }
}
