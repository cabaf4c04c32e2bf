//! Retry with exponential backoff, jitter and limits: blocking, async, or as an attribute.
//!
//! A [`Policy`] is a value that says how to retry: a wait strategy ([`expo`], [`fibo`],
//! [`constant`], [`list`], [`linear`], [`decay`], [`decorrelated`], [`runtime`]), a [`Jitter`] and
//! limits. In a `const` or `static`, [`policy!`] checks it while compiling; at run time
//! [`Policy::new`] gives an error that names the parameter.
//!
//! Three layers use it, one written with the other:
//!
//! ```
//! use rebackoff::prelude::*;
//!
//! static FETCH: Policy = policy!(expo(max_value = secs(30)), max_tries = 8, max_time = secs(60));
//!
//! // 1. A loop of your own: call what you like, borrow what you like, hand errors to `backoff`.
//! fn first(digits: &mut Vec<&str>) -> Result<u8, std::num::ParseIntError> {
//!     let mut tries = FETCH.tries();
//!     loop {
//!         match digits.pop().unwrap_or("0").parse() {
//!             Ok(digit) => return Ok(digit),
//!             Err(error) => tries.backoff(error)?, // waits, or gives the error back
//!         }
//!     }
//! }
//! assert_eq!(first(&mut vec!["7"]), Ok(7));
//!
//! // 2. Closures: `retry` on errors, `poll` until a condition holds.
//! let second = FETCH
//!     .retry(|| "7".parse::<u8>())
//!     .giveup(|error| error.to_string().contains("empty"))
//!     .on_backoff(|event| eprintln!("try {} failed, waiting {:?}", event.tries, event.wait))
//!     .call();
//! assert_eq!(second, Ok(7));
//!
//! // 3. Attributes, on functions and methods.
//! # #[cfg(feature = "macros")]
//! #[rebackoff::on_error(expo(max_value = 30), max_tries = 8)]
//! fn third(text: &str) -> Result<u8, std::num::ParseIntError> {
//!     text.parse()
//! }
//! # #[cfg(feature = "macros")]
//! assert_eq!(third("7"), Ok(7));
//! ```
//!
//! Each has an async twin ([`Retry::tries_async`], [`Retry::retry_async`], [`Retry::poll_async`],
//! the attributes on an `async fn`) that waits with tokio's timer, with smol's, or with any
//! [`AsyncSleeper`]. Dropping its future cancels the call, in a try or in a wait.
//!
//! # What holds for every call
//!
//! - The caller's error comes back untouched. `.outcome()` in place of `.call()` or `.await` also returns
//!   the tries, the time and the [`Reason`] of that call.
//! - One engine decides for blocking, async and simulated calls; `rebackoff-core` documents the order of
//!   its decisions.
//! - A call borrows its policy, or owns it ([`owned`](engine::Call::owned)): an owned call can be spawned,
//!   returned and stored. A function takes every policy by the bound [`Retry`], or [`RetryFor`] where a
//!   breaker may reject the call.
//! - A call that succeeds at once allocates nothing and takes no lock. It reads the clock only for `max_time`,
//!   `reset_after`, a timeout, a handler, `policy_for`, `.scope()`, `.outcome()` or a guard that needs it.
//! - Calls inside a target inherit its deadline where the call is visible: by `max_time`,
//!   `reset_after`, a timeout, `.outcome()` or [`scope`](engine::Call::scope).
//! - The clock belongs to the sleeper: under tokio's paused clock, `max_time` follows that clock.
//! - Numbers saturate, and nothing in this crate panics. (A runtime's timer may: tokio's does when
//!   it is used outside of a tokio runtime.)
//!
//! # Programs
//!
//! Each is a complete program of less than 60 lines, which needs no network:
//!
//! | | |
//! |---|---|
//! | [`download`](https://github.com/rebackoff/rebackoff/blob/main/crates/rebackoff/examples/download.rs) | a blocking download, whose errors say what another try can mend |
//! | [`client`](https://github.com/rebackoff/rebackoff/blob/main/crates/rebackoff/examples/client.rs) | a client, whose policy comes from a TOML file and the environment; its clones go into tasks |
//! | [`axum_server`](https://github.com/rebackoff/rebackoff/blob/main/crates/rebackoff/examples/axum_server.rs) | an axum server, which asks another service through tower layers, with a policy made at run time |
//! | [`retry_http`](https://github.com/rebackoff/rebackoff/blob/main/crates/rebackoff/examples/retry_http.rs) | a reqwest client with a breaker for each host, and one budget for all retries |
//! | [`databases`](https://github.com/rebackoff/rebackoff/blob/main/crates/rebackoff/examples/databases.rs) | a database transaction on a `&mut` connection |
//! | [`reconnect`](https://github.com/rebackoff/rebackoff/blob/main/crates/rebackoff/examples/reconnect.rs) | a connection that stands for ever |
//! | [`writing_a_library`](https://github.com/rebackoff/rebackoff/blob/main/crates/rebackoff/examples/writing_a_library.rs) | a library that exposes retrying to its users, generic and erased |
//! | [`graceful_shutdown`](https://github.com/rebackoff/rebackoff/blob/main/crates/rebackoff/examples/graceful_shutdown.rs) | a graceful shutdown, which ends waits and leaves running tries to finish |
//! | [`streams`](https://github.com/rebackoff/rebackoff/blob/main/crates/rebackoff/examples/streams.rs) | a stream of pages, which goes on where it was |
//! | [`tests_without_waiting`](https://github.com/rebackoff/rebackoff/blob/main/crates/rebackoff/examples/tests_without_waiting.rs) | tests of a call, with its metrics and its events |
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `macros` | | the attributes [`on_error`](macro@on_error) and [`on_predicate`](macro@on_predicate) |
//! | `tokio` | yes | async waits with tokio's timer, also where `smol` is enabled beside it |
//! | `smol` | | async waits with smol's timer; by name, `.sleeper(sleepers::SmolSleeper)`, where `tokio` is on |
//! | `browser` | | on wasm32-unknown-unknown: async waits with `setTimeout`, the clock of the page, and draws of its own for each page |
//! | `settings` | | `Settings` and `from_env`: parameters by name, from environment variables for example |
//! | `serde` | | with `settings`: policies in TOML, JSON and other formats |
//! | `live` | | `LivePolicy`, which can be replaced while the program runs |
//! | `tracing` | | an event for each backoff and give-up; `Trace` names call and error, `.spans(…)` makes a span of each try |
//! | `host` | | [`prelude::ShareOnHost`]: budgets and breakers that the processes of a host share |
//! | `keyed` | | `Keyed`: one budget or breaker for each key |
//! | `metrics` | | `Metrics` and `GuardMetrics`, for the facade `metrics` |
//! | `http` | | the module [`http`](mod@http): hints from headers, and a classifier of statuses, failures and methods |
//! | `reqwest` | | [`http::RetryMiddleware`], for `reqwest-middleware` |
//! | `tower` | | [`tower::RetryLayer`], around services; with `http`, for HTTP requests |
//! | `redis` | | calls take the guards of the crate `rebackoff-shared` that a fleet shares through Redis or Valkey |
//! | `testing` | | the module `testing`: virtual clock, no waits, no retries |
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg), doc(auto_cfg(hide(loom))))]

#[cfg(not(target_has_atomic = "64"))]
compile_error!(
    "budgets and breakers need atomics of 64 bits, which this target has not: take `rebackoff-core`, whose engine needs \
     none"
);
#[cfg(all(feature = "reqwest", target_family = "wasm", target_os = "unknown"))]
compile_error!(
    "the feature `reqwest` reads errors of hyper, and on wasm32-unknown-unknown reqwest has none: retry its calls with \
     `policy.retry_async(|| client.get(url).send())` and the feature `browser`"
);

#[doc(hidden)]
#[path = "attribute.rs"]
pub mod __private;
mod backoff;
mod blocking;
mod call;
pub mod engine;
#[cfg(feature = "settings")]
mod env;
mod future;
mod guarded;
mod guards;
#[cfg(doctest)]
mod guide;
pub mod hooks;
#[cfg(feature = "http")]
pub mod http;
mod kept;
#[cfg(feature = "keyed")]
mod keyed;
#[cfg(any(feature = "reqwest", feature = "tower"))]
mod late;
#[cfg(feature = "live")]
mod live;
mod loops;
#[cfg(feature = "metrics")]
mod metrics;
mod mode;
mod outcome;
mod random;
#[cfg(any(feature = "reqwest", feature = "tower"))]
mod resend;
mod retry;
mod scope;
mod session;
mod signal;
mod skipped;
mod sleep;
pub mod sleepers;
mod source;
mod target;
mod task;
#[cfg(feature = "testing")]
pub mod testing;
mod timeline;
mod timeout;
#[cfg(feature = "tower")]
pub mod tower;
mod trace;
mod tries;
#[cfg(feature = "testing")]
mod virtual_time;
mod wait;

#[cfg(feature = "settings")]
pub use env::from_env;
pub use guarded::{AnyPolicy, Guarded};
pub use guards::{FromOpen, now};
pub use hooks::Hook;
#[cfg(feature = "keyed")]
pub use keyed::Keyed;
#[cfg(feature = "live")]
pub use live::LivePolicy;
#[cfg(feature = "metrics")]
pub use metrics::{GuardMetrics, Metrics};
pub use outcome::{Attempt, Outcome};
pub use rebackoff_core::{
    Breaker, BreakerState, Budget, Cost, Event, EventKind, Health, Jitter, Open, Policy,
    PolicyError, Reason, Seconds, Verdict, breaker, budget, constant, decay, decorrelated, expo,
    fibo, linear, list, millis, policy, runtime, secs,
};
#[cfg(feature = "settings")]
pub use rebackoff_core::{SettingError, Settings};
#[cfg(feature = "macros")]
pub use rebackoff_macros::{on_error, on_predicate};
pub use retry::{Retry, RetryFor};
pub use scope::{deadline, deadline_async, remaining};
pub use sleep::{AsyncSleeper, Clock, Sleeper};
pub use sleepers::sleep_fn;
#[cfg(feature = "tracing")]
pub use trace::Trace;

/// The names that most programs import: `use rebackoff::prelude::*`.
pub mod prelude {
    pub use crate::guards::{BreakerExt, BudgetExt};
    pub use crate::{
        Breaker, Budget, Event, Jitter, Outcome, Policy, PolicyError, Reason, Retry, Verdict,
        breaker, budget, constant, decay, decorrelated, expo, fibo, linear, list, millis, policy,
        runtime, secs,
    };
    #[cfg(feature = "macros")]
    pub use crate::{on_error, on_predicate};
    pub use rebackoff_core::{Above, LastWait, Nested};
    #[cfg(feature = "host")]
    pub use rebackoff_shared::ShareOnHost;
}
