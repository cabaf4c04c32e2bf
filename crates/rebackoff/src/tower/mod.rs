//! Retries in a stack of tower services (feature `tower`).
//!
//! [`RetryLayer`] goes around any service that can be cloned, for requests that can be cloned:
//!
//! ```
//! # #[cfg(feature = "tokio")]
//! # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
//! use rebackoff::Guarded;
//! use rebackoff::prelude::*;
//! use rebackoff::tower::RetryLayer;
//! use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
//!
//! static RETRIES: Budget = budget!(share(ratio = 0.1));
//! static PARSE: Guarded<&Budget> =
//!     Guarded::new(policy!(expo(max_value = secs(30)), max_tries = 5), &RETRIES);
//!
//! let parse = service_fn(|text: &'static str| async move { text.parse::<u8>() });
//! let mut service = ServiceBuilder::new().layer(RetryLayer::new(&PARSE)).service(parse);
//! assert_eq!(service.ready().await?.call("7").await?, 7);
//! assert!(service.ready().await?.call("x").await.is_err()); // after five tries
//! # Ok::<(), std::num::ParseIntError>(())
//! # }).unwrap();
//! ```
//!
//! With the feature `http` beside it, [`RetryLayer::http`] knows HTTP requests and responses.
//!
//! # Readiness
//!
//! The service is asked for readiness before each try, and the clone that was ready is called.
//! `poll_ready` of the layer's service is that of the inner service, and `call` takes the ready inner
//! service for the first try. A reserved place goes back when the future is dropped. A retry asks another clone after the
//! wait, so that a waiting call reserves no place. The time until a clone is ready counts to the try.
//!
//! # Deadlines
//!
//! A request that has no answer at the end of `max_time`, or at the deadline of an enclosing call, ends with
//! [`TimedOut`] where the error of the service is tower's `BoxError`. For another error type,
//! [`RetryLayer::late`] makes that error. Without either, only a timeout of the service ends a request. No
//! retry begins that would begin at the deadline (`last_wait = Stop`).
//!
//! # Policies
//!
//! A layer owns its policy: a [`Policy`](crate::Policy), which is small plain data, a
//! [`Guarded`](crate::Guarded) one, an `Arc`, a `LivePolicy` behind an `Arc`, or a reference to a
//! `static`. The layer and its services are `Clone`, `Send` and `Sync` with it, and go wherever
//! frameworks such as axum put them. [`RetryLayer::breaker_for`] and [`RetryLayer::budget_for`] choose
//! guards by the request.

mod errors;
mod layer;
mod sends;
mod service;

pub use crate::hooks::JudgeBy;
pub use crate::late::TimedOut;
pub use crate::resend::{Cloned, Repeat};
pub use errors::Errors;
pub use layer::RetryLayer;
pub use service::{ResponseFuture, RetryService};
