//! What a call tells its handlers.

use core::time::Duration;

use crate::Reason;

/// A moment of a call, told to the handlers `on_try`, `on_backoff`, `on_giveup`, `on_success`.
///
/// `O` is what the target gives: a `Result`, or the value that is polled.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Event<'a, O> {
    /// Which moment.
    pub kind: EventKind,
    /// The tries so far, with the one that is about to begin or has just ended.
    pub tries: u64,
    /// The time since the first try started.
    pub elapsed: Duration,
    /// The wait that follows; only on [`EventKind::Backoff`].
    pub wait: Option<Duration>,
    /// The wait that the outcome asks for, on [`EventKind::Backoff`] and [`EventKind::Giveup`].
    pub hint: Option<Duration>,
    /// Why the call gives up; only on [`EventKind::Giveup`].
    pub reason: Option<Reason>,
    /// What the target gave; `None` on [`EventKind::Try`], and on [`EventKind::Success`] of a loop of
    /// the caller's own, which hands in errors alone.
    pub outcome: Option<&'a O>,
    /// How many tries of the outermost call, times how many of each call between, times how many
    /// of this one: the calls that the target has got by now if every call inside took as many
    /// tries as this one. Equal to `tries` where no other call is around this one.
    pub amplification: u64,
}

/// Which moment of a call an [`Event`] tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A try is about to begin.
    Try,
    /// A try failed, and a wait follows.
    Backoff,
    /// A try failed, and it was the last.
    Giveup,
    /// A try gave what the caller wanted.
    Success,
}

impl EventKind {
    /// The word for it in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Try => "try",
            Self::Backoff => "backoff",
            Self::Giveup => "giveup",
            Self::Success => "success",
        }
    }
}

impl<'a, O> Event<'a, O> {
    /// A try that is about to begin.
    pub const fn trying(tries: u64, elapsed: Duration) -> Self {
        Self {
            kind: EventKind::Try,
            tries,
            elapsed,
            wait: None,
            hint: None,
            reason: None,
            outcome: None,
            amplification: tries,
        }
    }

    /// A try that gave what the caller wanted.
    pub const fn success(tries: u64, elapsed: Duration, outcome: &'a O) -> Self {
        Self { kind: EventKind::Success, outcome: Some(outcome), ..Self::trying(tries, elapsed) }
    }

    /// A try that gave what the caller wanted, and kept it: in a loop of the caller's own.
    pub const fn passed(tries: u64, elapsed: Duration) -> Self {
        Self { kind: EventKind::Success, ..Self::trying(tries, elapsed) }
    }

    /// A failed try that a wait follows.
    pub const fn backoff(tries: u64, elapsed: Duration, wait: Duration, outcome: &'a O) -> Self {
        let event = Self::success(tries, elapsed, outcome);
        Self { kind: EventKind::Backoff, wait: Some(wait), ..event }
    }

    /// A failed try that was the last.
    pub const fn giveup(tries: u64, elapsed: Duration, reason: Reason, outcome: &'a O) -> Self {
        let event = Self::success(tries, elapsed, outcome);
        Self { kind: EventKind::Giveup, reason: Some(reason), ..event }
    }

    /// The same moment of a call inside a try of other calls, whose amplification is `outer`.
    pub const fn inside(self, outer: u64) -> Self {
        Self { amplification: self.tries.saturating_mul(outer), ..self }
    }

    /// The same, after a try whose outcome asks for the wait `hint`.
    pub const fn hinted(self, hint: Option<Duration>) -> Self {
        Self { hint, ..self }
    }
}

impl<'a, T, E> Event<'a, Result<T, E>> {
    /// The error of the try, where the outcome is one.
    pub fn error(&self) -> Option<&'a E> {
        self.outcome.and_then(|outcome| outcome.as_ref().err())
    }
}
