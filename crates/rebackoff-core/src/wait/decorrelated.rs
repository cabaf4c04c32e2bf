use core::time::Duration;

use crate::error::{PolicyError, Value, cap_reaches};
use crate::{Draws, Seconds};

/// A random walk between a base and a cap; made by [`decorrelated`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decorrelated {
    pub(crate) base: Seconds,
    pub(crate) max_value: Seconds,
}

const GROWTH: f64 = 3.0;

/// Waits by chance between the base and three times the wait before:
/// s ← min(`max_value`, U(`base`, 3 · s)), with s = `base` at first.
///
/// Defaults: base 1 s, cap 60 s. It is its own jitter, so a policy applies no other to it. From
/// [Exponential Backoff And Jitter][aws], AWS Architecture Blog, 2015.
///
/// ```
/// use rebackoff_core::{Policy, decorrelated, millis, secs};
///
/// let wait = decorrelated().base(millis(200)).max_value(secs(20));
/// let policy = Policy::new(wait).max_tries(6).build()?;
/// # Ok::<(), rebackoff_core::PolicyError>(())
/// ```
///
/// [aws]: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
pub const fn decorrelated() -> Decorrelated {
    Decorrelated {
        base: Seconds::from_duration(Duration::from_secs(1)),
        max_value: Seconds::from_duration(Duration::from_secs(60)),
    }
}

impl Decorrelated {
    /// The shortest wait, above 0. Default 1 s.
    pub const fn base(mut self, base: Duration) -> Self {
        self.base = Seconds::from_duration(base);
        self
    }

    /// The cap, at least `base`. Default 60 s.
    pub const fn max_value(mut self, max_value: Duration) -> Self {
        self.max_value = Seconds::from_duration(max_value);
        self
    }

    pub(crate) fn after(&self, n: u64, previous: Seconds, draws: &mut impl Draws) -> Seconds {
        let low = self.base.get();
        let previous = if n == 0 { low } else { previous.get().max(low) };
        let span = GROWTH * previous - low;
        Seconds::capped(low + span * draws.uniform(), self.max_value)
    }

    /// `base` · 3ⁿ⁺¹, where luck always picks the longest.
    pub(crate) fn longest(&self, n: u64) -> Seconds {
        let mut longest = self.base;
        for _ in 0..=n {
            longest = Seconds::saturating(GROWTH * longest.get());
            if longest >= self.max_value {
                return self.max_value;
            }
        }
        longest
    }

    pub(crate) const fn check(&self) -> Result<(), PolicyError> {
        if self.base.get() == 0.0 {
            return Err(PolicyError::new("base", "base must be above 0s", Value::Span(self.base)));
        }
        cap_reaches(self.base, self.max_value)
    }
}
