//! Retries over HTTP (features `http`, `reqwest`, `tower`).
//!
//! - [`hint`] reads the wait that the headers of a response ask for: `Retry-After` and its kin, and
//!   gRPC's pushback.
//! - A [`Classifier`] decides on the requests that may be sent again, and on the responses and failures
//!   after which they are. It is a value like a policy: `const`, shared by all calls.
//! - [`RetryMiddleware`] (feature `reqwest`) is both around a reqwest client, and
//!   [`RetryLayer::http`](crate::tower::RetryLayer::http) (feature `tower`, with `http`) around any
//!   tower service that takes HTTP requests.
//!
//! Without either, a classifier is the condition of a call:
//!
//! ```
//! # #[cfg(feature = "tokio")]
//! # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
//! use http::{Response, StatusCode};
//! use rebackoff::http::{Classifier, Failure};
//! use rebackoff::prelude::*;
//!
//! static FETCH: Policy = policy!(expo(max_value = secs(30)), max_tries = 3);
//! static HTTP: Classifier = Classifier::new();
//!
//! async fn get() -> Result<Response<&'static str>, std::io::Error> {
//!     // what a client gives
//! #   let response = Response::builder().status(503).header("retry-after", "2");
//! #   Ok(response.body("busy").unwrap())
//! }
//!
//! let outcome = FETCH
//!     .retry_async(get)
//!     .judge(|result| match result {
//!         Ok(response) => HTTP.judge_response(response.status(), response.headers()),
//!         Err(_) => HTTP.judge_failure(Failure::Connection),
//!     })
//!     .outcome()
//!     .await;
//! assert_eq!(outcome.tries, 3);
//! assert_eq!(outcome.result.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
//! assert!(outcome.elapsed >= secs(4)); // the server asked for two seconds each time
//! # });
//! ```
//!
//! # What comes back
//!
//! The response or the error of the last try, untouched, whatever its status: a call that gives up
//! on 503 returns the 503, with its headers. Every response that is not retried, 404 as well as 200, is
//! an answer and ends the call.

mod classifier;
#[cfg(any(feature = "reqwest", feature = "tower"))]
mod condition;
#[cfg(all(feature = "reqwest", not(all(target_family = "wasm", target_os = "unknown"))))]
mod errors;
mod failure;
mod hint;
#[cfg(all(feature = "reqwest", not(all(target_family = "wasm", target_os = "unknown"))))]
mod middleware;
#[cfg(all(feature = "reqwest", not(all(target_family = "wasm", target_os = "unknown"))))]
mod redirects;
#[cfg(any(feature = "reqwest", feature = "tower"))]
mod resend;
#[cfg(feature = "tower")]
mod service;
mod statuses;

#[cfg(any(feature = "reqwest", feature = "tower"))]
pub use crate::late::TimedOut;
pub use classifier::Classifier;
pub use failure::Failure;
pub use hint::{hint, hint_at};
#[cfg(all(feature = "reqwest", not(all(target_family = "wasm", target_os = "unknown"))))]
pub use middleware::{RetryMiddleware, Tried, TryCloned};
#[cfg(all(feature = "reqwest", not(all(target_family = "wasm", target_os = "unknown"))))]
pub use redirects::observed_redirects;
#[cfg(any(feature = "reqwest", feature = "tower"))]
pub use resend::ResendCount;
#[cfg(feature = "tower")]
pub use service::{ConnectionFailed, Failures, HttpHook, HttpRules};
