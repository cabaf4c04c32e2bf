//! Requests that got no response.

use rebackoff_core::{Cost, Health};

/// The failure of a request that got no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// The request was never sent, or the server has not looked at it.
    Unsent,
    /// No connection could be made, or it broke before the whole response came.
    Connection,
    /// No response came in time.
    Timeout,
    /// A permanent failure: the request or the client is wrong.
    Other,
}

impl Failure {
    /// The cost of a retry, for a budget that has prices.
    pub const fn cost(self) -> Cost {
        match self {
            Self::Timeout => Cost::Timeout,
            Self::Unsent | Self::Connection | Self::Other => Cost::Retry,
        }
    }

    /// The health of the server, for a breaker: a failure, or neutral.
    pub const fn health(self) -> Health {
        match self {
            Self::Unsent | Self::Connection | Self::Timeout => Health::Failure,
            Self::Other => Health::Neutral,
        }
    }
}
