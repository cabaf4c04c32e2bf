//! Draws.

use std::hash::{BuildHasher, RandomState};
use std::process;

use fastrand::Rng;
use rebackoff_core::Draws;

/// The draws of one call, seeded at the first of them.
#[derive(Debug, Default)]
pub(crate) struct Chance(Option<Rng>);

impl Draws for Chance {
    fn uniform(&mut self) -> f64 {
        self.0.get_or_insert_with(seeded).f64()
    }
}

/// A generator of this process alone: another one may begin in the same nanosecond.
fn seeded() -> Rng {
    Rng::with_seed(RandomState::new().hash_one(process::id()))
}
