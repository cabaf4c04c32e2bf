//! One adapter for each library.

mod again;
mod backoff;
mod backon;
mod bare;
mod exponential_backoff;
mod failsafe;
mod governor;
mod hand;
mod rebackoff;
mod recloser;
mod reqwest_retry;
mod retry;
mod tokio_retry;
mod tokio_retry2;
mod tower;
mod tower_resilience;
mod tryhard;

use crate::Peer;

/// All of them: the bare call, the loop by hand and this project first.
pub const PEERS: [Peer; 17] = [
    bare::PEER,
    hand::PEER,
    rebackoff::PEER,
    backon::PEER,
    tokio_retry::PEER,
    tokio_retry2::PEER,
    backoff::PEER,
    again::PEER,
    retry::PEER,
    tryhard::PEER,
    exponential_backoff::PEER,
    reqwest_retry::PEER,
    tower::PEER,
    tower_resilience::PEER,
    failsafe::PEER,
    recloser::PEER,
    governor::PEER,
];
