use core::time::Duration;

use crate::Seconds;
use crate::error::{PolicyError, Value};

/// A wait that shrinks exponentially; made by [`decay`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(clippy::struct_field_names, reason = "named as their settings are")]
pub struct Decay {
    pub(crate) initial_value: Seconds,
    pub(crate) decay_factor: f64,
    pub(crate) min_value: Seconds,
}

/// Waits less each time: raw wait = max(`initial_value` · e^(−n · `decay_factor`), `min_value`).
///
/// Defaults: initial value 1 s, decay factor 1, min value 0 s, so waits 1 s, 368 ms, 135 ms …
/// before jitter. For a result that takes long at first, and then may come soon.
///
/// ```
/// use rebackoff_core::{Seconds, decay, secs};
///
/// let wait = decay().initial_value(secs(10)).min_value(secs(1)).wait();
/// assert_eq!(wait.raw(0), Seconds::new(10.0));
/// assert_eq!(wait.raw(9), Seconds::new(1.0));
/// ```
pub const fn decay() -> Decay {
    let initial_value = Seconds::from_duration(Duration::from_secs(1));
    Decay { initial_value, decay_factor: 1.0, min_value: Seconds::ZERO }
}

impl Decay {
    /// The first wait. Default 1 s.
    pub const fn initial_value(mut self, initial_value: Duration) -> Self {
        self.initial_value = Seconds::from_duration(initial_value);
        self
    }

    /// The rate at which the waits shrink, a finite number of at least 0. Default 1.
    pub const fn decay_factor(mut self, decay_factor: f64) -> Self {
        // The sum has no negative zero.
        self.decay_factor = decay_factor + 0.0;
        self
    }

    /// The shortest wait, at most `initial_value`. Default 0 s.
    pub const fn min_value(mut self, min_value: Duration) -> Self {
        self.min_value = Seconds::from_duration(min_value);
        self
    }

    pub(crate) fn raw(&self, n: u64) -> Seconds {
        #[allow(clippy::cast_precision_loss, reason = "a wait that late is at the floor")]
        let exponent = -self.decay_factor * n as f64;
        Seconds::saturating(self.initial_value.get() * libm::exp(exponent)).max(self.min_value)
    }

    pub(crate) const fn check(&self) -> Result<(), PolicyError> {
        if !(self.decay_factor >= 0.0 && self.decay_factor.is_finite()) {
            let rule = "decay_factor must be a finite number of at least 0";
            return Err(PolicyError::new("decay_factor", rule, Value::Number(self.decay_factor)));
        }
        if self.min_value.get() > self.initial_value.get() {
            let rule = "min_value must be at most initial_value";
            return Err(PolicyError::new("min_value", rule, Value::Span(self.min_value)));
        }
        Ok(())
    }
}
