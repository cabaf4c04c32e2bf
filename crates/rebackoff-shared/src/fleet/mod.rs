//! Guards of a fleet, which keep their state in Redis or Valkey.
//!
//! | part | lives in |
//! |---|---|
//! | decisions about calls | the core's `Budget` and `Breaker`, in the memory of each member |
//! | what a member asks the store, and what its answers change | `breaker_member`, `budget_member`: state machines without I/O |
//! | what the store does | `scripts`, atomically |
//! | threads and connections | `hub`, `listener`, `seat`, `store` |
//! | commands of operators | `operator` |
//!
//! A call never waits for the store, but for the first call of a breaker.

mod breaker_member;
mod budget_member;
mod clock;
mod connected;
mod connection;
mod error;
mod fleet_breaker;
mod fleet_budget;
mod guards;
mod hub;
mod keys;
mod link;
mod listener;
#[cfg(test)]
mod model;
mod operator;
mod pause;
mod protocol;
mod report;
mod rule;
mod seat;
mod status;
mod store;

pub use connected::Fleet;
pub use error::FleetError;
pub use fleet_breaker::FleetBreaker;
pub use fleet_budget::FleetBudget;
pub use operator::{FleetEntry, FleetEntryState, FleetOperator};
pub use report::FleetReport;
pub use rule::BudgetRule;
