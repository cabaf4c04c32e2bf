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
        Seconds::saturating(self.initial_value.get() * exponential(exponent)).max(self.min_value)
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

/// e to the power of `x`, which is at most 0, without the platform's library: the same wait on each platform.
/// Below e⁻⁷⁰⁸ it is zero.
///
/// The method and the constants are those of `e_exp.c` of FreeBSD, which bears this notice: Copyright (C)
/// 2004 by Sun Microsystems, Inc. All rights reserved. Permission to use, copy, modify, and distribute this
/// software is freely granted, provided that this notice is preserved.
fn exponential(x: f64) -> f64 {
    const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];
    const P: [f64; 5] = [
        1.666_666_666_666_660_2e-1,
        -2.777_777_777_701_559_3e-3,
        6.613_756_321_437_934e-5,
        -1.653_390_220_546_525_2e-6,
        4.138_136_797_057_238_5e-8,
    ];
    if x < -708.0 {
        return 0.0;
    }
    // x = k·ln 2 + r, where |r| is at most ln 2 / 2.
    #[allow(clippy::cast_possible_truncation, reason = "from −1022 to 0")]
    let k = (x * core::f64::consts::LOG2_E - 0.5) as i32;
    let (high, low) = (x - f64::from(k) * LN_2[0], f64::from(k) * LN_2[1]);
    let r = high - low;
    let square = r * r;
    let c = r - P.iter().rev().fold(0.0, |sum, factor| (sum + factor) * square);
    let of_r = 1.0 + (r * c / (2.0 - c) - low + high);
    of_r * f64::from_bits(u64::from((k + 1023).unsigned_abs()) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_exponential_is_that_of_the_library(x in prop_oneof![-708.0..0.0_f64, -2.0..0.0_f64, -1e-9..0.0_f64]) {
            let (ours, reference) = (exponential(x), libm::exp(x));
            prop_assert!((ours - reference).abs() <= reference * f64::EPSILON, "{ours} {reference}");
        }
    }

    #[test]
    fn the_exponential_is_exact_at_its_ends() {
        for (x, expected) in [
            (0.0, 1.0),
            (-0.0, 1.0),
            (-1.0, libm::exp(-1.0)),
            (-709.0, 0.0),
            (f64::NEG_INFINITY, 0.0),
        ] {
            assert_eq!(exponential(x).to_bits(), f64::to_bits(expected), "{x}");
        }
    }
}
