//! Requests that got no response.

use rebackoff_core::{Cost, Health};

/// How a request failed to get a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// No connection could be made, or it broke before the response came.
    Connection,
    /// No response came in time.
    Timeout,
    /// Something that another try will not mend: the request itself is wrong, or the client is.
    Other,
}

impl Failure {
    /// What a retry costs a budget that has prices.
    pub const fn cost(self) -> Cost {
        match self {
            Self::Timeout => Cost::Timeout,
            Self::Connection | Self::Other => Cost::Retry,
        }
    }

    /// What it says of the server, for a breaker: that it is down, or nothing.
    pub const fn health(self) -> Health {
        match self {
            Self::Connection | Self::Timeout => Health::Failure,
            Self::Other => Health::Neutral,
        }
    }
}

#[cfg(feature = "reqwest")]
impl From<&reqwest::Error> for Failure {
    fn from(error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            Self::Timeout
        } else if error.is_connect() || error.is_request() || error.is_body() {
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
