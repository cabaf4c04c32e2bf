use crate::Clock;

/// Waits with [`thread::sleep`](std::thread::sleep), by the system's clock: the sleeper of blocking calls. On
/// wasm32-unknown-unknown, where a thread cannot sleep, it is no [`Sleeper`](crate::Sleeper).
#[derive(Clone, Copy, Debug, Default)]
pub struct ThreadSleeper;

impl Clock for ThreadSleeper {}

#[cfg(not(all(target_family = "wasm", target_os = "unknown", not(target_feature = "atomics"))))]
impl crate::Sleeper for ThreadSleeper {
    #[inline]
    fn sleep(&self, wait: std::time::Duration) {
        std::thread::sleep(wait);
    }
}
