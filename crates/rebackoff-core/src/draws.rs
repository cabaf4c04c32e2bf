//! Where chance comes from.

/// A source of uniform draws, given to the engine with each failed try.
///
/// Any `FnMut() -> f64` is one. The engine takes one draw for each wait that jitter or the
/// strategy spreads, and none otherwise.
pub trait Draws {
    /// A number from 0 up to, but not including, 1.
    fn uniform(&mut self) -> f64;
}

impl<F: FnMut() -> f64> Draws for F {
    #[inline]
    fn uniform(&mut self) -> f64 {
        self()
    }
}
