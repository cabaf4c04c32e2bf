//! The limits of a call.

use core::num::NonZeroU64;

use crate::{Hints, Reason, Seconds};

/// The limits of a policy: how many tries, how long, what happens to the last wait, and which hints
/// are obeyed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Most tries, the first included. `None`: unlimited.
    pub max_tries: Option<NonZeroU64>,
    /// Most time from the start of the first try. `None`: unlimited.
    pub max_time: Option<Seconds>,
    /// The treatment of a wait that would end past `max_time`.
    pub last_wait: LastWait,
    /// The behaviour of a call inside a try of another call.
    pub nested: Nested,
    /// The rules for hints.
    pub hints: Hints,
    /// A failed try that lasted at least so long begins the call anew. `None`: never.
    pub reset_after: Option<Seconds>,
}

/// The behaviour of a call inside a try of another call.
///
/// Retries multiply: three layers of three tries are 27 calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Nested {
    /// The call retries. The default.
    #[default]
    Allow,
    /// The call tries once and leaves retrying to the enclosing call.
    Once,
}

impl Nested {
    /// The name in configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Once => "once",
        }
    }
}

/// The treatment of a wait that would end past `max_time`. A wait that ends exactly at `max_time` is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LastWait {
    /// The wait is shortened to the time left, and one more try follows. The default.
    #[default]
    Shorten,
    /// The call gives up at once, with [`Reason::MaxTime`].
    Stop,
}

impl LastWait {
    /// The name in configuration.
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
        Self {
            max_tries: None,
            max_time: None,
            last_wait: LastWait::Shorten,
            nested: Nested::Allow,
            hints: Hints::EXACT,
            reset_after: None,
        }
    }

    /// The stricter of both limits: the lower of each, the stricter last wait, and `Once` where either is.
    /// For hints see [`Hints::and`]. `reset_after` stays that of these limits.
    pub fn and(self, other: Self) -> Self {
        let last_wait = match (self.last_wait, other.last_wait) {
            (LastWait::Shorten, LastWait::Shorten) => LastWait::Shorten,
            _ => LastWait::Stop,
        };
        Self {
            max_tries: lower(self.max_tries, other.max_tries),
            max_time: lower(self.max_time, other.max_time),
            last_wait,
            nested: if self.nested == Nested::Once { self.nested } else { other.nested },
            hints: self.hints.and(other.hints),
            reset_after: self.reset_after,
        }
    }

    /// The limits of a call inside a try of another call, which has `remaining` left, `elapsed`
    /// after the inner call's first try started: it never outlives the outer one.
    ///
    /// ```
    /// use rebackoff_core::{Limits, Nested, Seconds};
    ///
    /// let second = Seconds::new(1.0).unwrap();
    /// let inner = Limits::new().inside(Some(second), second);
    /// assert_eq!(inner.max_time, Seconds::new(2.0));
    ///
    /// let once = Limits { nested: Nested::Once, ..Limits::new() };
    /// assert_eq!(once.inside(None, second).max_tries.unwrap().get(), 1);
    /// ```
    #[inline]
    pub fn inside(self, remaining: Option<Seconds>, elapsed: Seconds) -> Self {
        let max_time = remaining.map(|remaining| remaining.saturating_add(elapsed));
        let max_tries = match self.nested {
            Nested::Allow => self.max_tries,
            Nested::Once => Some(NonZeroU64::MIN),
        };
        Self { max_tries, max_time: lower(self.max_time, max_time), ..self }
    }

    /// The time left after `elapsed`; `None` when it is unlimited.
    #[inline]
    pub fn remaining(&self, elapsed: Seconds) -> Option<Seconds> {
        self.max_time.map(|max_time| max_time.saturating_sub(elapsed))
    }

    /// The limit that is reached after `tries` tries and `elapsed` time, if any.
    #[inline]
    pub(crate) fn reached(&self, tries: u64, elapsed: Option<Seconds>) -> Option<Reason> {
        if let Some(max_tries) = self.max_tries {
            if tries >= max_tries.get() {
                return Some(Reason::MaxTries);
            }
        }
        match self.max_time {
            Some(max_time) if elapsed.is_some_and(|elapsed| elapsed >= max_time) => {
                Some(Reason::MaxTime)
            }
            _ => None,
        }
    }

    /// Returns whether `hint` is above the ceiling, or ends past the deadline.
    #[cold]
    #[inline(never)]
    pub(crate) fn refuse(&self, hint: Seconds, elapsed: Option<Seconds>) -> bool {
        let Some(floor) = self.hints.floor(hint) else {
            return true;
        };
        let left = elapsed.and_then(|elapsed| self.remaining(elapsed));
        left.is_some_and(|left| floor.to_nanos() > left.to_nanos())
    }

    /// The wait within `max_time`; `None` when it must not begin.
    #[inline]
    pub(crate) fn fit(&self, wait: Seconds, elapsed: Option<Seconds>) -> Option<Seconds> {
        let Some(left) = elapsed.and_then(|elapsed| self.remaining(elapsed)) else {
            return Some(wait);
        };
        match self.last_wait {
            LastWait::Shorten => Some(wait.min(left)),
            LastWait::Stop => (wait.to_nanos() <= left.to_nanos()).then_some(wait),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}

fn lower<T: PartialOrd>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if one < other { one } else { other }),
        (one, other) => one.or(other),
    }
}
