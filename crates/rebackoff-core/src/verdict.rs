//! The verdict on an outcome.

use core::time::Duration;

use crate::Seconds;

/// The caller's judgement of an outcome.
///
/// ```
/// use rebackoff_core::{Verdict, secs};
///
/// fn judge(status: u16, retry_after: Option<u64>) -> Verdict {
///     match (status, retry_after) {
///         (200..300, _) => Verdict::Accept,
///         (503, Some(seconds)) => Verdict::retry_after(secs(seconds)),
///         (500..600, _) => Verdict::Retry,
///         _ => Verdict::GiveUp,
///     }
/// }
/// assert_eq!(judge(503, Some(2)).hint(), Some(secs(2).into()));
/// assert!(judge(500, None).wants_retry() && !judge(404, None).wants_retry());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// Success: the outcome is what the caller wanted.
    Accept,
    /// A transient failure.
    Retry,
    /// A transient failure whose outcome asks to wait at least this long (`Retry-After`).
    RetryAfter(Seconds),
    /// A permanent failure: gives up with [`Reason::Giveup`](crate::Reason::Giveup).
    GiveUp,
    /// The outcome itself asks not to retry (a negative gRPC pushback): gives up with
    /// [`Reason::Hint`](crate::Reason::Hint).
    Stop,
}

impl Verdict {
    /// [`RetryAfter`](Self::RetryAfter) with a [`Duration`].
    pub const fn retry_after(hint: Duration) -> Self {
        Self::RetryAfter(Seconds::from_duration(hint))
    }

    /// Returns whether another try follows if the limits allow it.
    pub const fn wants_retry(self) -> bool {
        matches!(self, Self::Retry | Self::RetryAfter(_))
    }

    /// The wait that the outcome asks for, where it asks for one.
    #[inline]
    pub const fn hint(self) -> Option<Seconds> {
        match self {
            Self::RetryAfter(hint) => Some(hint),
            _ => None,
        }
    }
}
