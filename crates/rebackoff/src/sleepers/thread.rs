use std::thread;
use std::time::Duration;

use crate::{Clock, Sleeper};

/// Waits with [`thread::sleep`], by the system's clock: the sleeper of blocking calls.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThreadSleeper;

impl Clock for ThreadSleeper {}

impl Sleeper for ThreadSleeper {
    #[inline]
    fn sleep(&self, wait: Duration) {
        thread::sleep(wait);
    }
}
