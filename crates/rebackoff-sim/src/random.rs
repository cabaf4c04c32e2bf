//! Draws: one small generator for each replication, so that a seed gives the figures again on every machine.

use rand_distr::{Distribution as _, Exp1, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};
use rebackoff_core::Draws;

/// The generator of one replication.
#[derive(Clone, Debug)]
pub(crate) struct Random(Xoshiro256PlusPlus);

impl Random {
    /// The generator of replication `run`, which depends on both numbers alone.
    pub(crate) fn new(seed: u64, run: u64) -> Self {
        let run = Xoshiro256PlusPlus::seed_from_u64(run).next_u64();
        Self(Xoshiro256PlusPlus::seed_from_u64(seed ^ run))
    }

    /// A number from 0 up to, but not including, `count`.
    #[inline]
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the upper half of the product is below `count`"
    )]
    pub(crate) fn below(&mut self, count: u32) -> u32 {
        ((u128::from(self.0.next_u64()) * u128::from(count)) >> 64) as u32
    }

    /// Returns whether an event of this chance happens. Chances of 0 and 1 take no draw.
    #[inline]
    pub(crate) fn happens(&mut self, chance: f64) -> bool {
        chance > 0.0 && (chance >= 1.0 || self.uniform() < chance)
    }

    /// An exponential draw of mean 1.
    #[inline]
    pub(crate) fn exponential(&mut self) -> f64 {
        Exp1.sample(&mut self.0)
    }

    /// A normal draw of mean 0 and standard deviation 1.
    #[inline]
    pub(crate) fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }
}

impl Draws for Random {
    #[inline]
    fn uniform(&mut self) -> f64 {
        const UNIT: f64 = 1.0 / (1_u64 << 53) as f64;
        (self.0.next_u64() >> 11) as f64 * UNIT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_depend_on_seed_and_run_alone() {
        let first = |seed, run| Random::new(seed, run).uniform().to_bits();
        assert_eq!(first(1, 2), first(1, 2));
        assert!(first(1, 2) != first(2, 1) && first(1, 2) != first(1, 3));
    }

    #[test]
    fn draws_have_their_means_and_spreads() {
        let mut random = Random::new(7, 0);
        let mut moments = |draw: fn(&mut Random) -> f64| {
            let (mut sum, mut squares) = (0.0, 0.0);
            for _ in 0..100_000 {
                let drawn = draw(&mut random);
                sum += drawn;
                squares += drawn * drawn;
            }
            (sum / 1e5, squares / 1e5)
        };
        for (draw, mean, square) in [
            (Random::uniform as fn(&mut Random) -> f64, 0.5, 1.0 / 3.0),
            (Random::exponential, 1.0, 2.0),
            (Random::normal, 0.0, 1.0),
        ] {
            let (found, squares) = moments(draw);
            assert!((found - mean).abs() < 0.02 && (squares - square).abs() < 0.06);
        }
    }
}
