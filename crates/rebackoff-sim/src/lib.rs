//! The simulator of `rebackoff`: what a retry policy does to a service.
//!
//! A [`Scenario`] describes servers that queue, clients that call them, and the profiles and guards between the two.
//! Its clients are drivers of the shipped `Engine` and `CallGuards`, in virtual time, so the simulation decides what
//! production decides. A [`Report`] has the figures with confidence intervals, and says whether the bounds of
//! the scenario hold.
//!
//! Data flows one way: a text becomes a scenario, a scenario becomes the models of its cases, each replication of a
//! model is a world of events, and the counts of the worlds become figures. The library does no I/O. A seed
//! gives the same bytes on every machine and with any number of threads.
//!
//! ```
//! use rebackoff_sim::Scenario;
//!
//! let text = Scenario::example("retry-storm").unwrap_or_default();
//! assert!(Scenario::parse(text)?.check().is_ok());
//! # Ok::<(), rebackoff_sim::ScenarioError>(())
//! ```
#![forbid(unsafe_code)]
#![allow(
    clippy::cast_precision_loss,
    reason = "counts and nanoseconds of figures are far below 2⁵³"
)]

mod client;
mod distribution;
mod event;
mod fault;
mod figures;
mod guard;
mod herd;
mod load;
mod model;
pub mod plan;
pub mod profile;
mod queue;
mod random;
mod report;
mod runner;
mod scenario;
mod server;
mod slab;
mod world;

pub use figures::Figure;
pub use guard::BudgetRule;
pub use herd::{CallEnd, ClientTries, Herd, HerdTries, Target, TooManyTries, percentile};
pub use report::{Case, Check, Report, TimeSeries};
pub use runner::Control;
pub use scenario::{Scenario, ScenarioError, named_breaker, named_budget};

/// The program of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
