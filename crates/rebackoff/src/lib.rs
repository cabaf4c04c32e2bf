//! Retry with exponential backoff: blocking, async, or as an attribute.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_auto_cfg))]

#[doc(hidden)]
#[path = "attribute.rs"]
pub mod __private;
mod blocking;
mod call;
mod env;
mod future;
pub mod hooks;
#[cfg(feature = "live")]
mod live;
mod outcome;
mod random;
mod retry;
mod session;
mod sleep;
mod sleepers;
mod target;
#[cfg(feature = "testing")]
pub mod testing;
mod timeout;
mod trace;
mod tries;
mod wait;

pub use call::Call;
pub use env::from_env;
pub use future::{OutcomeFuture, RetryFuture};
pub use hooks::Hook;
#[cfg(feature = "live")]
pub use live::LivePolicy;
pub use outcome::{Attempt, Outcome};
pub use rebackoff_core::*;
#[cfg(feature = "macros")]
pub use rebackoff_macros::{on_error, on_predicate};
pub use retry::Retry;
pub use sleep::{Async, AsyncSleeper, Blocking, Clock, Mode, Sleeper};
pub use sleepers::*;
pub use target::{Target, WithAttempt};
pub use timeout::{TimedTry, WithTimeout};
pub use tries::Tries;

/// What most programs import: `use rebackoff::prelude::*`.
pub mod prelude {
    pub use crate::{
        Event, Jitter, Policy, Reason, Retry, Verdict, constant, decay, decorrelated, expo, fibo,
        linear, list, millis, policy, runtime, secs,
    };
    #[cfg(feature = "macros")]
    pub use crate::{on_error, on_predicate};
}

/// The examples of the README, which run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
