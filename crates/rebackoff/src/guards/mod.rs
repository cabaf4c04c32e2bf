//! The budgets and breakers of a call.
//!
//! The protocol is the core's ([`CallGuards`](rebackoff_core::CallGuards)); a call holds one for each
//! guard. All breakers are asked before any budget pays, so that nothing is spent on a rejection.

mod asks;
mod call;
mod clockless;
#[cfg(feature = "redis")]
mod fleet;
mod guarding;
mod handle;
mod pays;
#[cfg(any(feature = "reqwest", feature = "tower"))]
mod per_request;
mod rejection;

use std::time::Duration;

pub use asks::{Asks, ByFunction, ByOutcome, OnRejection};
pub use call::GuardsOfCall;
pub use clockless::{BreakerExt, BudgetExt, now};
pub use guarding::{Guarding, Several};
pub use handle::{GuardView, Handle};
pub use pays::Pays;
#[cfg(any(feature = "reqwest", feature = "tower"))]
pub use per_request::{BreakerFor, BudgetFor, GuardsOfRequest, GuardsPerRequest};
pub use rejection::{
    Either, FromOpen, Itself, NoRejection, Only, OpenOr, Rejected, Rejection, Rejects,
};

use crate::timeline::Timeline;

/// Reads the clock of a call. By value: a reference would keep the whole call in memory.
#[inline]
fn now_on(timeline: Timeline) -> impl Fn() -> Duration {
    move || timeline.now()
}

/// The form in which a call with the guards `G` keeps the outcome `O` in a wait.
pub type KeptBy<G, O> = <<G as Guarding>::Rejection as Rejection>::Kept<O>;
