//! Draws: one small generator for each replication, so that a seed gives the figures again on every machine.

use rebackoff_core::Draws;

/// The generator xoshiro256++.
#[derive(Clone, Debug)]
pub(crate) struct Random([u64; 4]);

impl Random {
    /// The generator of replication `run`, which depends on both numbers alone.
    pub(crate) fn new(seed: u64, run: u64) -> Self {
        let mut state = seed ^ split_mix(&mut { run });
        Self([(); 4].map(|()| split_mix(&mut state)))
    }

    #[inline]
    pub(crate) fn next(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let drawn = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        drawn
    }

    /// A number from 0 up to, but not including, `count`.
    #[inline]
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the upper half of the product is below `count`"
    )]
    pub(crate) fn below(&mut self, count: u32) -> u32 {
        ((u128::from(self.next()) * u128::from(count)) >> 64) as u32
    }

    /// Returns whether an event of this chance happens. Chances of 0 and 1 take no draw.
    #[inline]
    pub(crate) fn happens(&mut self, chance: f64) -> bool {
        chance > 0.0 && (chance >= 1.0 || self.uniform() < chance)
    }

    /// An exponential draw of mean 1.
    #[inline]
    pub(crate) fn exponential(&mut self) -> f64 {
        -libm::log(1.0 - self.uniform())
    }

    /// A normal draw of mean 0 and standard deviation 1, by the polar method.
    pub(crate) fn normal(&mut self) -> f64 {
        loop {
            let (x, y) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                return x * libm::sqrt(-2.0 * libm::log(square) / square);
            }
        }
    }
}

impl Draws for Random {
    #[inline]
    fn uniform(&mut self) -> f64 {
        const UNIT: f64 = 1.0 / (1_u64 << 53) as f64;
        (self.next() >> 11) as f64 * UNIT
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_depend_on_seed_and_run_alone() {
        let first = |seed, run| Random::new(seed, run).next();
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
