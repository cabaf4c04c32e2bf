//! One adapter for each library.

#[cfg(feature = "all-peers")]
mod again;
#[cfg(feature = "all-peers")]
mod backoff;
#[cfg(feature = "all-peers")]
mod backon;
mod bare;
#[cfg(feature = "all-peers")]
mod exponential_backoff;
mod failsafe;
mod governor;
mod hand;
mod rebackoff;
mod recloser;
#[cfg(feature = "all-peers")]
mod reqwest_retry;
#[cfg(feature = "all-peers")]
mod retry;
mod tokio;
#[cfg(feature = "all-peers")]
mod tokio_retry;
#[cfg(feature = "all-peers")]
mod tokio_retry2;
mod tower;
#[cfg(feature = "all-peers")]
mod tower_resilience;
#[cfg(feature = "all-peers")]
mod tryhard;

use crate::Peer;

/// All of them: the bare call, the loop by hand and this project first.
pub const PEERS: &[Peer] = &[
    bare::PEER,
    hand::PEER,
    hand::WITH_MAX_TIME,
    rebackoff::PEER,
    #[cfg(feature = "all-peers")]
    backon::PEER,
    #[cfg(feature = "all-peers")]
    tokio_retry::PEER,
    #[cfg(feature = "all-peers")]
    tokio_retry2::PEER,
    #[cfg(feature = "all-peers")]
    backoff::PEER,
    #[cfg(feature = "all-peers")]
    again::PEER,
    #[cfg(feature = "all-peers")]
    retry::PEER,
    #[cfg(feature = "all-peers")]
    tryhard::PEER,
    #[cfg(feature = "all-peers")]
    exponential_backoff::PEER,
    #[cfg(feature = "all-peers")]
    reqwest_retry::PEER,
    tokio::PEER,
    tower::PEER,
    #[cfg(feature = "all-peers")]
    tower_resilience::PEER,
    failsafe::PEER,
    recloser::PEER,
    governor::PEER,
];
