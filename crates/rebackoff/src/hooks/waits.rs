use std::time::Duration;

use rebackoff_core::{Events, Policy, Seconds};

use super::Hook;

/// Takes the raw wait from a function of the outcome.
#[derive(Clone, Copy, Debug)]
pub struct WaitFrom<C>(pub C);

impl<O, C: FnMut(&O) -> Option<Duration>> Hook<O> for WaitFrom<C> {
    const EVENTS: Events = Events::NONE;

    #[inline]
    fn raw_wait(&mut self, outcome: &O) -> Option<Option<Seconds>> {
        Some((self.0)(outcome).map(Seconds::from_duration))
    }
}

/// Spreads raw waits with a function.
#[derive(Clone, Copy, Debug)]
pub struct JitterBy<C>(pub C);

impl<O, C: FnMut(Duration) -> Duration> Hook<O> for JitterBy<C> {
    const EVENTS: Events = Events::NONE;

    #[inline]
    fn jitter(&mut self, raw: Seconds) -> Option<Seconds> {
        Some(Seconds::from_duration((self.0)(raw.to_duration())))
    }
}

/// Takes the policy from a function of the error.
#[derive(Clone, Copy, Debug)]
pub struct PolicyFor<C>(pub C);

impl<T, E, P: AsRef<Policy>, C: FnMut(&E) -> P> Hook<Result<T, E>> for PolicyFor<C> {
    // A policy that is chosen may have a `max_time`.
    const EVENTS: Events = Events::TIMED;

    #[inline]
    fn policy(&mut self, outcome: &Result<T, E>) -> Option<Policy> {
        outcome.as_ref().err().map(|error| *(self.0)(error).as_ref())
    }
}
