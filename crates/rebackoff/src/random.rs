//! The draws of one call.

use fastrand::Rng;
use rebackoff_core::Draws;

/// A generator of this call alone, seeded at its first draw from the thread's generator.
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
}

impl Draws for CallDraws {
    #[inline]
    fn uniform(&mut self) -> f64 {
        #[cfg(feature = "testing")]
        if let Some(draw) = crate::testing::given_draw() {
            return draw;
        }
        let mut rng = match self.state {
            0 => Rng::new(),
            state => Rng::with_seed(state),
        };
        let draw = rng.f64();
        self.state = rng.get_seed();
        draw
    }
}
