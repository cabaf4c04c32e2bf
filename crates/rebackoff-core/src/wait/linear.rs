use core::time::Duration;

use crate::Seconds;
use crate::error::{PolicyError, cap_reaches};

/// A wait that grows by the same step; made by [`linear`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linear {
    pub(crate) start: Seconds,
    pub(crate) step: Seconds,
    pub(crate) max_value: Seconds,
}

/// Waits longer by a step each time: raw wait = min(`start` + n · `step`, `max_value`).
///
/// Defaults: start 1 s, step 1 s, no cap, so waits 1 s, 2 s, 3 s … before jitter.
///
/// ```
/// use rebackoff_core::{Seconds, linear, secs};
///
/// let wait = linear().start(secs(2)).step(secs(3)).max_value(secs(9)).wait();
/// assert_eq!(wait.raw(1), Seconds::new(5.0));
/// assert_eq!(wait.raw(9), Seconds::new(9.0));
/// ```
pub const fn linear() -> Linear {
    let second = Seconds::from_duration(Duration::from_secs(1));
    Linear { start: second, step: second, max_value: Seconds::MAX }
}

impl Linear {
    /// The first wait. Default 1 s.
    pub const fn start(mut self, start: Duration) -> Self {
        self.start = Seconds::from_duration(start);
        self
    }

    /// The step from one wait to the next. Default 1 s.
    pub const fn step(mut self, step: Duration) -> Self {
        self.step = Seconds::from_duration(step);
        self
    }

    /// The cap, at least `start`. Default none.
    pub const fn max_value(mut self, max_value: Duration) -> Self {
        self.max_value = Seconds::from_duration(max_value);
        self
    }

    pub(crate) fn raw(&self, n: u64) -> Seconds {
        #[allow(clippy::cast_precision_loss, reason = "a wait that long is past every cap")]
        let grown = self.start.get() + self.step.get() * n as f64;
        Seconds::capped(grown, self.max_value)
    }

    pub(crate) const fn check(&self) -> Result<(), PolicyError> {
        cap_reaches(self.start, self.max_value)
    }
}
