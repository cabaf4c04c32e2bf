//! Requests that got no response.

use rebackoff_core::{Cost, Health};

/// The failure of a request that got no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// No connection could be made: the request was never sent.
    Unsent,
    /// The connection broke before the response came.
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

#[cfg(feature = "reqwest")]
impl From<&reqwest::Error> for Failure {
    fn from(error: &reqwest::Error) -> Self {
        if error.is_connect() {
            Self::Unsent
        } else if error.is_timeout() {
            Self::Timeout
        } else if error.is_request() || error.is_body() {
            Self::Connection
        } else {
            Self::Other
        }
    }
}

/// The error of another middleware is [`Other`](Failure::Other).
#[cfg(feature = "reqwest")]
impl From<&reqwest_middleware::Error> for Failure {
    fn from(error: &reqwest_middleware::Error) -> Self {
        match error {
            reqwest_middleware::Error::Reqwest(error) => error.into(),
            reqwest_middleware::Error::Middleware(_) => Self::Other,
        }
    }
}
