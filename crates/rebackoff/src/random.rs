//! The draws of one call.

use std::hash::{BuildHasher, RandomState};

use fastrand::Rng;
use rebackoff_core::Draws;

/// A generator of this call alone, seeded at its first draw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallDraws {
    /// The generator's state; zero before it is seeded.
    state: u64,
}

impl CallDraws {
    pub(crate) const UNSEEDED: Self = Self { state: 0 };

    /// Draws that depend on `seed` alone.
    pub(crate) fn seeded(seed: u64) -> Self {
        // Seeds that are near each other must not draw alike, and none may mean "unseeded".
        let mut rng = Rng::with_seed(seed);
        Self { state: rng.u64(1..) }
    }

    #[cold]
    #[inline(never)]
    fn seed_afresh(&mut self) {
        *self = Self::seeded(RandomState::new().hash_one(process()));
    }
}

/// A number that differs between processes which have the keys of a hasher in common: a parent and the
/// children that it forks.
#[cfg(not(target_family = "wasm"))]
fn process() -> u32 {
    std::process::id()
}

/// A random number, because the keys of a hasher are constants where WebAssembly has no system. It is one
/// itself only with a source of randomness: the feature `browser`.
#[cfg(target_family = "wasm")]
#[allow(clippy::disallowed_methods, reason = "the one place where calls get their seeds")]
fn process() -> u64 {
    fastrand::u64(..)
}

impl Draws for CallDraws {
    #[inline]
    fn uniform(&mut self) -> f64 {
        #[cfg(feature = "testing")]
        if let Some(draw) = crate::testing::given_draw() {
            return draw;
        }
        if self.state == 0 {
            self.seed_afresh();
        }
        let mut rng = Rng::with_seed(self.state);
        let bits = rng.u64(..);
        self.state = rng.get_seed();
        unit(bits)
    }
}

/// The upper 53 bits of `bits` as a fraction of 2⁵³: from 0 up to, but not including, 1.
#[inline]
#[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (f64::EPSILON / 2.0)
}
