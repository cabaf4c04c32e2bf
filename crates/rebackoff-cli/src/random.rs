//! Draws.

use fastrand::Rng;
use rebackoff_core::Draws;

/// The draws of one call, seeded at the first of them.
#[derive(Debug, Default)]
pub(crate) struct Chance(Option<Rng>);

impl Draws for Chance {
    fn uniform(&mut self) -> f64 {
        self.0.get_or_insert_with(Rng::new).f64()
    }
}
