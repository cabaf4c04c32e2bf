//! The moments of a call that handlers see.

use core::fmt;
use core::ops::BitOr;
use core::time::Duration;

use crate::Reason;

/// A moment of a call, as the handlers `on_try`, `on_backoff`, `on_giveup` and `on_success` see it.
///
/// `O` is the outcome of the target: a `Result`, or the value that is polled.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Event<'a, O> {
    /// The kind of event.
    pub kind: EventKind,
    /// The number of tries so far, with the try that is about to begin or has just ended.
    pub tries: u64,
    /// The number of all tries, also of those before the call [began anew](crate::PolicyBuilder::reset_after).
    pub total_tries: u64,
    /// The wait that follows; only on [`EventKind::Backoff`].
    pub wait: Option<Duration>,
    /// The wait that the outcome asks for, on [`EventKind::Backoff`] and [`EventKind::Giveup`].
    pub hint: Option<Duration>,
    /// The reason to give up; only on [`EventKind::Giveup`].
    pub reason: Option<Reason>,
    /// The outcome of the try. `None` on [`EventKind::Try`], and on [`EventKind::Success`] of a loop
    /// of the caller's own, which keeps its values.
    pub outcome: Option<&'a O>,
    /// The number of calls that the target has got by now, if every call inside took as many tries
    /// as this one: the tries of the outermost call, times those of each call between, times `tries`.
    /// Equal to `tries` without an enclosing call.
    pub amplification: u64,
    clock: &'a dyn Fn() -> Duration,
}

/// The kind of an [`Event`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A try is about to begin.
    Try,
    /// A try failed, and a wait follows.
    Backoff,
    /// A try failed, and it was the last.
    Giveup,
    /// A try was accepted.
    Success,
}

impl EventKind {
    /// The name in logs and metrics, for example `backoff`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Try => "try",
            Self::Backoff => "backoff",
            Self::Giveup => "giveup",
            Self::Success => "success",
        }
    }
}

/// A set of [`EventKind`]s: the events that a handler wants, with the time elapsed or without it.
///
/// ```
/// use rebackoff_core::{EventKind, Events};
///
/// let ends = Events::GIVEUP | Events::SUCCESS;
/// assert!(ends.contains(EventKind::Giveup) && !ends.contains(EventKind::Try));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Events(u8);

impl Events {
    /// No event.
    pub const NONE: Self = Self(0);
    /// [`EventKind::Try`].
    pub const TRY: Self = Self::of(EventKind::Try);
    /// [`EventKind::Backoff`].
    pub const BACKOFF: Self = Self::of(EventKind::Backoff);
    /// [`EventKind::Giveup`].
    pub const GIVEUP: Self = Self::of(EventKind::Giveup);
    /// [`EventKind::Success`].
    pub const SUCCESS: Self = Self::of(EventKind::Success);
    /// Every event.
    pub const ALL: Self = Self::TRY.or(Self::BACKOFF).or(Self::GIVEUP).or(Self::SUCCESS);
    /// No event, but the time: the call reads its clock when it begins, as it does for every event.
    pub const TIMED: Self = Self(1 << 7);

    /// The events of one kind.
    pub const fn of(kind: EventKind) -> Self {
        Self(Self::kind(kind) | Self::TIMED.0)
    }

    const fn kind(kind: EventKind) -> u8 {
        1 << kind as u8
    }

    /// These events for a handler that does not ask for [`Event::elapsed`]. Without `max_time`, a call
    /// then reads no clock.
    #[must_use]
    pub const fn untimed(self) -> Self {
        Self(self.0 & !Self::TIMED.0)
    }

    /// The events of both sets; `|` in a `const`.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns whether events of `kind` are among them.
    pub const fn contains(self, kind: EventKind) -> bool {
        self.0 & Self::kind(kind) != 0
    }

    /// Returns whether the time is wanted.
    pub const fn are_timed(self) -> bool {
        self.0 & Self::TIMED.0 != 0
    }

    /// Returns whether there are none.
    pub const fn is_empty(self) -> bool {
        self.untimed().0 == 0
    }
}

impl BitOr for Events {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.or(other)
    }
}

impl<'a, O> Event<'a, O> {
    /// The event that a driver reports; it sets what else is known of the moment in the fields.
    /// `elapsed` gives the time since the first try started.
    pub fn new(kind: EventKind, tries: u64, elapsed: &'a dyn Fn() -> Duration) -> Self {
        Self {
            kind,
            tries,
            total_tries: tries,
            wait: None,
            hint: None,
            reason: None,
            outcome: None,
            amplification: tries,
            clock: elapsed,
        }
    }

    /// The time since the first try started. Reads the clock, unless the limits have read it already.
    /// Zero for [untimed](Events::untimed) events of a call that reads no clock.
    pub fn elapsed(&self) -> Duration {
        (self.clock)()
    }
}

impl<'a, T, E> Event<'a, Result<T, E>> {
    /// The error of the try, where the outcome is one.
    pub fn error(&self) -> Option<&'a E> {
        self.outcome.and_then(|outcome| outcome.as_ref().err())
    }
}

impl<O: fmt::Debug> fmt::Debug for Event<'_, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("kind", &self.kind)
            .field("tries", &self.tries)
            .field("total_tries", &self.total_tries)
            .field("elapsed", &self.elapsed())
            .field("wait", &self.wait)
            .field("hint", &self.hint)
            .field("reason", &self.reason)
            .field("outcome", &self.outcome)
            .field("amplification", &self.amplification)
            .finish()
    }
}
