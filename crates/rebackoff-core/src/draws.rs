//! The source of randomness.

/// The largest number below 1.
const BELOW_ONE: f64 = 1.0 - f64::EPSILON / 2.0;

/// A source of uniform draws, given to the engine with each failed try.
///
/// Any `FnMut() -> f64` is a source, whose numbers are clamped to the range. Another implementation must
/// keep to the range. The engine takes one draw for each wait that jitter or the strategy spreads, and
/// none otherwise.
pub trait Draws {
    /// A number from 0 up to, but not including, 1.
    fn uniform(&mut self) -> f64;
}

impl<F: FnMut() -> f64> Draws for F {
    #[inline]
    fn uniform(&mut self) -> f64 {
        let draw = self();
        if draw > 0.0 { draw.min(BELOW_ONE) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_of_negative_zero_is_zero() {
        assert!((|| -0.0).uniform().is_sign_positive());
    }
}
