use core::time::Duration;

use crate::Seconds;

/// One wait before every retry; made by [`constant`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant {
    pub(crate) interval: Seconds,
}

/// Waits `interval` each time: raw wait = interval.
///
/// Default: interval 1 s, so waits 1 s, 1 s, 1 s … before jitter.
///
/// ```
/// use rebackoff_core::{Seconds, constant, millis};
///
/// let wait = constant().interval(millis(200)).wait();
/// assert_eq!(wait.raw(7), Seconds::new(0.2));
/// ```
pub const fn constant() -> Constant {
    Constant { interval: Seconds::from_duration(Duration::from_secs(1)) }
}

impl Constant {
    /// The wait. Default 1 s.
    pub const fn interval(mut self, interval: Duration) -> Self {
        self.interval = Seconds::from_duration(interval);
        self
    }
}
