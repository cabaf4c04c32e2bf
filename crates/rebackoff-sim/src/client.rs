//! Calls: each is a driver of the shipped engine.

use rebackoff_core::{Engine, Limits, Nested, Policy, Seconds};

use crate::distribution::Distribution;
use crate::guard::GuardRules;
use crate::queue::Stamp;
use crate::slab::NONE;

/// The time of what never happens.
pub(crate) const NEVER: u64 = u64::MAX;

/// The way from callers to a server: the policy, its guards and the network.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) server: usize,
    pub(crate) policy: Policy,
    /// The policy after a rejection; `None` for `policy`.
    pub(crate) throttled: Option<Policy>,
    /// The limit on each try, in nanoseconds.
    pub(crate) timeout: Option<u64>,
    pub(crate) guards: GuardRules,
    /// The time that a message takes, there and back alike.
    pub(crate) delay: Distribution,
    /// The server learns the time left, and its own calls end with it.
    pub(crate) passes_deadline: bool,
    /// The server learns that its caller retries, and `nested` of its own policies holds.
    pub(crate) passes_nested: bool,
}

/// The caller of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Client(u32),
    /// A server, for this job.
    Job(u32),
}

/// One call: the tries of one operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientCall {
    pub(crate) engine: Engine,
    pub(crate) began: u64,
    /// The time from which limits count: that of the first try, or where the call began anew.
    pub(crate) start: u64,
    /// The begin of the current try.
    pub(crate) try_began: u64,
    /// The event that this call awaits: a timeout, or the end of a wait.
    pub(crate) due: Stamp,
    /// The deadline of the enclosing call.
    pub(crate) deadline: u64,
    /// The job of the current try.
    pub(crate) job: u32,
    pub(crate) origin: Origin,
    pub(crate) link: u16,
    /// The enclosing call is visible to this one.
    pub(crate) is_nested: bool,
    /// The call began after the warm-up.
    pub(crate) is_counted: bool,
}

impl ClientCall {
    pub(crate) fn new(origin: Origin, link: u16, began: u64) -> Self {
        Self {
            engine: Engine::new(),
            began,
            start: began,
            try_began: began,
            due: Stamp::NONE,
            deadline: NEVER,
            job: NONE,
            origin,
            link,
            is_nested: false,
            is_counted: true,
        }
    }

    /// Returns whether a client made the call.
    #[inline]
    pub(crate) fn is_top(&self) -> bool {
        matches!(self.origin, Origin::Client(_))
    }

    /// The client of the call; a server is one client of the server that it calls.
    #[inline]
    pub(crate) fn client(&self) -> u32 {
        match self.origin {
            Origin::Client(client) => client,
            Origin::Job(_) => 0,
        }
    }

    /// The limits of this call inside those of its enclosing call. `None`: those of its policy.
    #[inline]
    pub(crate) fn inner_limits(&self, policy: &Policy) -> Option<Limits> {
        if !self.is_nested && self.deadline == NEVER {
            return None;
        }
        let limits = *policy.limits();
        let remaining = self.deadline.saturating_sub(self.start);
        let remaining = (self.deadline != NEVER).then(|| seconds(remaining));
        let nested = if self.is_nested { limits.nested } else { Nested::Allow };
        Some(Limits { nested, ..limits }.inside(remaining, Seconds::ZERO))
    }

    /// The moment at which a try that begins now is worth nothing any more.
    pub(crate) fn deadline_of_try(&self, link: &Link, now: u64) -> u64 {
        let timeout = link.timeout.map_or(NEVER, |timeout| now.saturating_add(timeout));
        let inner = self.inner_limits(&link.policy);
        let own = inner.as_ref().unwrap_or(link.policy.limits()).max_time;
        let own = own.map_or(NEVER, |own| self.start.saturating_add(own.to_nanos()));
        timeout.min(own).min(self.deadline)
    }
}

/// A span of simulated time, as the engine counts.
#[inline]
pub(crate) fn seconds(nanos: u64) -> Seconds {
    Seconds::new(nanos as f64 / 1e9).unwrap_or(Seconds::MAX)
}
