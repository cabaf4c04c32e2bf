//! Budgets and breakers that many processes share.
//!
//! | scope | place of the state | feature |
//! |---|---|---|
//! | process | the memory of the process: [`rebackoff_core::Budget`], [`rebackoff_core::Breaker`] | none |
//! | host | a small memory-mapped file | `host` |
//! | fleet | Redis or Valkey | `redis` |
//!
//! Parameters, states and reasons are those of the core in each scope. Only the place of the state
//! changes.
#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "redis")]
pub mod fleet;
#[cfg(feature = "host")]
mod host;

#[cfg(feature = "host")]
pub use host::{Host, HostEntry, HostGuardRef, Opened, ShareOnHost, SharedError};
