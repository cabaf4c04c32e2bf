use std::cell::RefCell;
use std::collections::VecDeque;
use std::marker::PhantomData;

use rebackoff_core::Draws as _;

thread_local! {
    static GIVEN: RefCell<VecDeque<f64>> = const { RefCell::new(VecDeque::new()) };
}

/// Sets the uniform draws that jitter takes on this thread, in order, until the guard is dropped. After
/// the last one, draws are random again. A number outside of 0 up to 1 is clamped.
///
/// ```
/// use rebackoff::prelude::*;
/// use rebackoff::testing::{self, VirtualClock};
///
/// static FETCH: Policy = policy!(expo, max_tries = 3);
///
/// let clock = VirtualClock::new();
/// let _draws = testing::draws([0.5, 0.25]);
/// let _ = FETCH.retry(|| Err::<(), _>("down")).sleeper(clock.clone()).call();
/// assert_eq!(clock.waits(), [millis(500), millis(500)]); // half of 1 s, a quarter of 2 s
/// ```
pub fn draws(draws: impl IntoIterator<Item = f64>) -> GivenDraws {
    let before = GIVEN.replace(draws.into_iter().map(|draw| (|| draw).uniform()).collect());
    GivenDraws { before, _of_this_thread: PhantomData }
}

/// Keeps draws given until it is dropped; made by [`draws`].
#[derive(Debug)]
#[must_use = "the draws are gone when this is dropped"]
pub struct GivenDraws {
    before: VecDeque<f64>,
    _of_this_thread: PhantomData<*const ()>,
}

impl GivenDraws {
    /// The number of draws that were not taken yet.
    pub fn left(&self) -> usize {
        GIVEN.with_borrow(VecDeque::len)
    }
}

impl Drop for GivenDraws {
    fn drop(&mut self) {
        GIVEN.set(std::mem::take(&mut self.before));
    }
}

pub(crate) fn given_draw() -> Option<f64> {
    GIVEN.try_with(|given| given.borrow_mut().pop_front()).ok().flatten()
}
