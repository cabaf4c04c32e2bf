//! The sleepers that come with the crate.

#[cfg(all(feature = "browser", target_family = "wasm", target_os = "unknown"))]
mod browser;
mod function;
#[cfg(not(any(
    all(feature = "browser", target_family = "wasm", target_os = "unknown"),
    all(
        any(feature = "tokio", feature = "smol"),
        not(all(target_family = "wasm", target_os = "unknown")),
    ),
)))]
mod none;
#[cfg(feature = "smol")]
mod smol;
mod thread;
#[cfg(feature = "tokio")]
mod tokio;

pub use crate::timeline::Timeline;
#[cfg(all(feature = "browser", target_family = "wasm", target_os = "unknown"))]
pub use browser::{BrowserSleep, BrowserSleeper};
pub use function::{SleepFn, sleep_fn};
#[cfg(not(any(
    all(feature = "browser", target_family = "wasm", target_os = "unknown"),
    all(
        any(feature = "tokio", feature = "smol"),
        not(all(target_family = "wasm", target_os = "unknown")),
    ),
)))]
pub use none::{EnableFeatureTokioOrSmol, NoTimer};
#[cfg(feature = "smol")]
pub use smol::SmolSleeper;
pub use thread::ThreadSleeper;
#[cfg(feature = "tokio")]
pub use tokio::TokioSleeper;

/// The timer of async calls that are given no other: tokio's with the feature `tokio`, else smol's with the feature
/// `smol`. On wasm32-unknown-unknown, where neither runs, it is the browser's with the feature `browser`.
#[cfg(all(feature = "tokio", not(all(target_family = "wasm", target_os = "unknown"))))]
pub type DefaultSleeper = TokioSleeper;

/// The timer of async calls that are given no other: smol's, with the feature `smol` and without `tokio`.
#[cfg(all(
    feature = "smol",
    not(any(feature = "tokio", all(target_family = "wasm", target_os = "unknown")))
))]
pub type DefaultSleeper = SmolSleeper;

/// The timer of async calls that are given no other: the browser's, with the feature `browser`.
#[cfg(all(feature = "browser", all(target_family = "wasm", target_os = "unknown")))]
pub type DefaultSleeper = BrowserSleeper;

/// The timer of async calls that are given no other: none, without a feature that has one.
#[cfg(not(any(
    all(feature = "browser", all(target_family = "wasm", target_os = "unknown")),
    all(
        any(feature = "tokio", feature = "smol"),
        not(all(target_family = "wasm", target_os = "unknown"))
    ),
)))]
pub type DefaultSleeper = EnableFeatureTokioOrSmol;
