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
mod fleet;
#[cfg(all(feature = "host", target_os = "linux"))]
mod host;

#[cfg(all(feature = "host", not(target_os = "linux")))]
compile_error!(
    "guards are shared by the processes of a host on Linux only: leave out the feature `host`"
);

#[cfg(all(feature = "host", target_os = "linux"))]
pub use host::{Host, HostEntry, HostGuardRef, Opened, ShareOnHost, SharedError};
