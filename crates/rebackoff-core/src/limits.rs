//! When to stop.

use core::num::NonZeroU64;

use crate::{Reason, Seconds};

/// The limits of a policy: how many tries, how long, and what happens to the last wait.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Most tries, the first included. `None`: unlimited.
    pub max_tries: Option<NonZeroU64>,
    /// Most time from the start of the first try. `None`: unlimited.
    pub max_time: Option<Seconds>,
    /// What happens to a wait that would end past `max_time`.
    pub last_wait: LastWait,
}

/// What happens to a wait that would end past `max_time`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LastWait {
    /// It is shortened to the time left, and one more try is made. The default.
    #[default]
    Shorten,
    /// The call gives up at once, with [`Reason::MaxTime`].
    Stop,
}

impl LastWait {
    /// The word for it in configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shorten => "shorten",
            Self::Stop => "stop",
        }
    }
}

impl Limits {
    /// No limits.
    pub const fn new() -> Self {
        Self { max_tries: None, max_time: None, last_wait: LastWait::Shorten }
    }

    /// The limits that hold where both hold: the lower of each, and the stricter last wait.
    pub fn and(self, other: Self) -> Self {
        let last_wait = match (self.last_wait, other.last_wait) {
            (LastWait::Shorten, LastWait::Shorten) => LastWait::Shorten,
            _ => LastWait::Stop,
        };
        Self {
            max_tries: lower(self.max_tries, other.max_tries),
            max_time: lower(self.max_time, other.max_time),
            last_wait,
        }
    }

    /// The time left after `elapsed`; `None` when it is unlimited.
    pub fn remaining(&self, elapsed: Seconds) -> Option<Seconds> {
        self.max_time.map(|max_time| max_time.saturating_sub(elapsed))
    }

    /// The limit that is reached after `tries` tries and `elapsed` time, if any.
    #[inline]
    pub(crate) fn reached(&self, tries: u64, elapsed: Seconds) -> Option<Reason> {
        if let Some(max_tries) = self.max_tries {
            if tries >= max_tries.get() {
                return Some(Reason::MaxTries);
            }
        }
        match self.max_time {
            Some(max_time) if elapsed >= max_time => Some(Reason::MaxTime),
            _ => None,
        }
    }

    /// What `max_time` makes of a wait; `None` when it must not begin.
    #[inline]
    pub(crate) fn fit(&self, wait: Seconds, elapsed: Seconds) -> Option<Seconds> {
        let Some(left) = self.remaining(elapsed) else {
            return Some(wait);
        };
        match self.last_wait {
            LastWait::Shorten => Some(wait.min(left)),
            LastWait::Stop => (wait.to_nanos() < left.to_nanos()).then_some(wait),
        }
    }
}

fn lower<T: PartialOrd>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if one < other { one } else { other }),
        (one, other) => one.or(other),
    }
}
