//! The error of calls that a breaker may reject.

use rebackoff::Open;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Failure {
    Down,
    Open,
}

impl From<Open> for Failure {
    fn from(_: Open) -> Self {
        Self::Open
    }
}
