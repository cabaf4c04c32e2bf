//! The sleepers that come with the crate.

mod function;
#[cfg(not(any(feature = "tokio", feature = "smol")))]
mod none;
#[cfg(feature = "smol")]
mod smol;
mod thread;
#[cfg(feature = "tokio")]
mod tokio;

pub use crate::timeline::Timeline;
pub use function::{SleepFn, sleep_fn};
#[cfg(not(any(feature = "tokio", feature = "smol")))]
pub use none::{EnableFeatureTokioOrSmol, NoTimer};
#[cfg(feature = "smol")]
pub use smol::SmolSleeper;
pub use thread::ThreadSleeper;
#[cfg(feature = "tokio")]
pub use tokio::TokioSleeper;

/// The timer of async calls that are given no other: tokio's with the feature `tokio`, else
/// smol's with the feature `smol`.
#[cfg(feature = "tokio")]
pub type DefaultSleeper = TokioSleeper;

/// The timer of async calls that are given no other: tokio's with the feature `tokio`, else
/// smol's with the feature `smol`.
#[cfg(all(feature = "smol", not(feature = "tokio")))]
pub type DefaultSleeper = SmolSleeper;

/// The timer of async calls that are given no other: none without the feature `tokio` or `smol`.
#[cfg(not(any(feature = "tokio", feature = "smol")))]
pub type DefaultSleeper = EnableFeatureTokioOrSmol;
